//! Sizes of the enrolment relation: a chunk, and the cells of its slack, ranges and projections.

use std::ops::{Deref, Range};

use crate::chunk::layout::{check_relation, numbered};
use crate::chunk::ChunkLayout;
use crate::error::Result;
use crate::tables::Tables;

/// A chunk's layout with what `enrol` adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub chunk: ChunkLayout,
    /// Width of the window of v_l.
    pub range_bits: usize,
    /// Width of the slack of D0.
    pub distance_bits: usize,
    pub cell_columns: usize,
}

impl Deref for Layout {
    type Target = ChunkLayout;

    fn deref(&self) -> &ChunkLayout {
        &self.chunk
    }
}

impl Layout {
    /// Reads the layout of `enrol` tables and checks that rows and columns are the ones that this relation fills.
    pub fn from_tables(tables: &Tables) -> Result<Self> {
        let map = &tables.layout;
        let layout = Layout {
            chunk: ChunkLayout::from_tables(tables)?,
            range_bits: map.count("range_bits")?,
            distance_bits: map.count("distance_bits")?,
            cell_columns: map.count("cell_columns")?,
        };
        let sound = (2..=40).contains(&layout.range_bits)
            && (1..=120).contains(&layout.distance_bits)
            && layout.cell_columns == layout.cell_count().div_ceil(layout.blinding_start())
            && map.count("cell_count")? == layout.cell_count()
            && map.count("bit_cells")? == layout.bit_cells();
        if !sound {
            return Err(tables.error("layout", "the sizes are not those of an enrol chunk"));
        }
        check_relation(tables, super::RELATION, layout.column_names())?;
        Ok(layout)
    }

    /// Instance columns in the order of the tables, committed ones first.
    pub fn column_names(&self) -> impl Iterator<Item = String> + '_ {
        let lanes = self.lanes;
        numbered("delta", lanes)
            .chain(numbered("fold", lanes))
            .chain(numbered("cells", self.cell_columns))
            .chain(numbered("c", lanes))
            .chain(numbered("w", self.cell_columns))
            .chain(["w_const".to_owned()])
    }

    /// Rows of t: the client's, then Δ.
    pub fn tested_rows(&self) -> usize {
        self.client_rows + 1
    }

    /// Cells of t: t_jk has index j·(n + 1) + k.
    pub fn products(&self) -> usize {
        self.projections * self.tested_rows()
    }

    /// Cells that hold bits: the slack of D0, then the v_l. They come first.
    pub fn bit_cells(&self) -> usize {
        self.distance_bits + self.projections * self.range_bits
    }

    pub fn cell_count(&self) -> usize {
        self.bit_cells() + self.products()
    }

    /// Cells of one column; cell i lies in column ⌊i / B⌋, row i mod B, B the first blinding row.
    pub fn cells_of(&self, column: usize) -> Range<usize> {
        let size = self.blinding_start();
        column * size..self.cell_count().min((column + 1) * size)
    }

    /// Cells of each lane that b covers.
    pub fn projected_cells(&self) -> Vec<usize> {
        vec![self.active_rows; self.lanes]
    }

    /// Commitments of the message: the cells.
    pub fn sections(&self) -> [usize; 1] {
        [self.cell_columns]
    }
}
