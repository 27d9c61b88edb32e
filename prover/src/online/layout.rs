//! Sizes of the online relation: a chunk, and the bits of its projections and slacks.

use std::ops::Deref;

use crate::chunk::layout::{check_relation, numbered};
use crate::chunk::ChunkLayout;
use crate::error::Result;
use crate::tables::Tables;

/// Widths of the slacks of T1, T2 and D, in bits.
pub const SLACKS: usize = 3;

/// A chunk's layout with what `fold_kkt` adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub chunk: ChunkLayout,
    pub window_bits: usize,
    pub slack_bits: [usize; SLACKS],
    pub bit_columns: usize,
    pub bits_per_column: usize,
}

impl Deref for Layout {
    type Target = ChunkLayout;

    fn deref(&self) -> &ChunkLayout {
        &self.chunk
    }
}

impl Layout {
    /// Reads the layout of `fold_kkt` tables and checks that rows and columns are the ones that this relation fills.
    pub fn from_tables(tables: &Tables) -> Result<Self> {
        let map = &tables.layout;
        let slack = map.list("slack_bits")?;
        let slack_bits =
            slack.as_slice().try_into().map_err(|_| tables.error("layout.slack_bits", "three widths are expected"))?;
        let layout = Layout {
            chunk: ChunkLayout::from_tables(tables)?,
            window_bits: map.count("window_bits")?,
            slack_bits,
            bit_columns: map.count("bit_columns")?,
            bits_per_column: map.count("bits_per_column")?,
        };
        layout.check(tables)?;
        Ok(layout)
    }

    fn check(&self, tables: &Tables) -> Result<()> {
        let bits = self.bit_count();
        let sound = (2..=48).contains(&self.window_bits)
            && self.slack_bits.iter().all(|b| (1..=128).contains(b))
            && self.bit_columns >= 1
            && self.bit_columns * self.bits_per_column >= bits
            && (self.bit_columns - 1) * self.bits_per_column < bits
            && self.bits_per_column <= self.blinding_start();
        if !sound {
            return Err(tables.error("layout", "the sizes are not those of a fold_kkt chunk"));
        }
        check_relation(tables, super::RELATION, self.column_names())
    }

    /// Instance columns in the order of the tables, committed ones first.
    pub fn column_names(&self) -> impl Iterator<Item = String> + '_ {
        let lanes = self.lanes;
        ["theta_p", "theta_u", "y", "fold", "free"]
            .into_iter()
            .flat_map(move |name| numbered(name, lanes))
            .chain(numbered("bits", self.bit_columns))
            .chain(["q".to_owned(), "v".to_owned()])
            .chain(numbered("c", lanes))
            .chain(["w_sigma", "w_e", "w_q", "w_sigma_q", "w_e2", "w_const"].map(str::to_owned))
            .chain(numbered("w_bits", self.bit_columns))
    }

    pub fn bit_count(&self) -> usize {
        self.projections * self.window_bits + self.slack_bits.iter().sum::<usize>()
    }

    /// Commitments of the message, by round: θ̂u, ŷ, bits, q.
    pub fn sections(&self) -> [usize; 4] {
        [self.lanes, self.lanes, self.bit_columns, 1]
    }

    /// Cells of each lane that ternary projections cover: the active rows, and one more lane for the cells of e.
    pub fn projected_cells(&self) -> Vec<usize> {
        let mut cells = vec![self.active_rows; self.lanes];
        cells.push(self.rows());
        cells
    }
}
