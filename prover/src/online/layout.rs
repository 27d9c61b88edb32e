//! Sizes of a chunk and where its cells lie: tail rows, active rows, blinding rows.

use crate::error::{Error, Result};
use crate::tables::Tables;
use crate::ternary::MAX_PROJECTIONS;

/// Widths of the slacks of T1, T2 and D, in bits.
pub const SLACKS: usize = 3;

/// Row order and sizes, from the tables' layout; checked against the tables' columns once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub preset: String,
    pub insecure: bool,
    pub lanes: usize,
    pub client_rows: usize,
    pub forget_rows: usize,
    pub projections: usize,
    pub window_bits: usize,
    pub slack_bits: [usize; SLACKS],
    pub blinding_rows: usize,
    pub active_start: usize,
    pub active_rows: usize,
    pub bit_columns: usize,
    pub bits_per_column: usize,
}

impl Layout {
    /// Reads the layout of `fold_kkt` tables and checks that rows and columns are the ones that this relation fills.
    pub fn from_tables(tables: &Tables) -> Result<Self> {
        let map = &tables.layout;
        let slack = map.list("slack_bits")?;
        let slack_bits = slack.as_slice().try_into().map_err(|_| tables.error("layout.slack_bits", "three widths are expected"))?;
        let layout = Layout {
            preset: map.text("preset")?.to_owned(),
            insecure: map.flag("insecure")?,
            lanes: map.count("lanes")?,
            client_rows: map.count("client_rows")?,
            forget_rows: map.count("forget_rows")?,
            projections: map.count("projections")?,
            window_bits: map.count("window_bits")?,
            slack_bits,
            blinding_rows: map.count("blinding_rows")?,
            active_start: map.count("active_start")?,
            active_rows: map.count("active_rows")?,
            bit_columns: map.count("bit_columns")?,
            bits_per_column: map.count("bits_per_column")?,
        };
        layout.check(tables)?;
        Ok(layout)
    }

    fn check(&self, tables: &Tables) -> Result<()> {
        let usable = (1usize << tables.k).saturating_sub(6);
        let bits = self.bit_count();
        let sound = self.lanes >= 2
            && self.lanes <= 64
            && self.client_rows >= 1
            && self.active_start == self.rows()
            && self.active_rows >= 1
            && self.blinding_rows >= 2
            && self.blinding_end() <= usable
            && (1..=MAX_PROJECTIONS).contains(&self.projections)
            && (2..=48).contains(&self.window_bits)
            && self.slack_bits.iter().all(|b| (1..=128).contains(b))
            && self.bit_columns >= 1
            && self.bit_columns * self.bits_per_column >= bits
            && (self.bit_columns - 1) * self.bits_per_column < bits
            && self.bits_per_column <= self.blinding_start();
        if !sound || tables.relation != super::RELATION {
            return Err(tables.error("layout", "the sizes are not those of a fold_kkt chunk"));
        }
        if tables.instance_names().ne(self.column_names()) || tables.advice_names().ne(["acc"]) {
            return Err(tables.error("instance", "the columns are not those of the fold_kkt relation"));
        }
        Ok(())
    }

    /// Instance columns in the order of the tables, committed ones first.
    pub fn column_names(&self) -> impl Iterator<Item = String> + '_ {
        let many = |name: &'static str, count: usize| (0..count).map(move |j| format!("{name}.{j}"));
        let lanes = self.lanes;
        ["theta_p", "theta_u", "y", "fold", "free"]
            .into_iter()
            .flat_map(move |name| many(name, lanes))
            .chain(many("bits", self.bit_columns))
            .chain(["q".to_owned(), "v".to_owned()])
            .chain(many("c", lanes))
            .chain(["w_sigma", "w_e", "w_q", "w_sigma_q", "w_e2", "w_const"].map(str::to_owned))
            .chain(many("w_bits", self.bit_columns))
    }

    /// Stacked curvature rows: the client's and the request's; as many tail rows.
    pub fn rows(&self) -> usize {
        self.client_rows + self.forget_rows
    }

    pub fn blinding_start(&self) -> usize {
        self.active_start + self.active_rows
    }

    pub fn blinding_end(&self) -> usize {
        self.blinding_start() + self.blinding_rows
    }

    /// Weights that a chunk can hold.
    pub fn capacity(&self) -> usize {
        self.active_rows * self.lanes
    }

    pub fn bit_count(&self) -> usize {
        self.projections * self.window_bits + self.slack_bits.iter().sum::<usize>()
    }

    /// Cells of each lane that ternary projections cover: the active rows, and one more lane for the cells of e.
    pub fn projected_cells(&self) -> Vec<usize> {
        let mut cells = vec![self.active_rows; self.lanes];
        cells.push(self.rows());
        cells
    }

    /// Splits weights in chunk order into lanes: weight i lies in lane i mod P, row ⌊i / P⌋. Missing cells are `pad`.
    pub fn to_lanes<T: Copy>(&self, weights: &[T], pad: T) -> Result<Vec<Vec<T>>> {
        if weights.len() > self.capacity() {
            return Err(Error::internal("more weights than a chunk holds"));
        }
        let mut lanes = vec![vec![pad; self.active_rows]; self.lanes];
        for (row, cells) in weights.chunks(self.lanes).enumerate() {
            for (lane, cell) in cells.iter().enumerate() {
                lanes[lane][row] = *cell;
            }
        }
        Ok(lanes)
    }
}
