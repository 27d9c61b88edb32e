//! Curvature rows as int8, by row and lane.

use super::layout::ChunkLayout;
use crate::error::Result;

/// Rows of one chunk; row k on lane l is contiguous.
pub struct Rows {
    lanes: usize,
    active: usize,
    count: usize,
    cells: Vec<i8>,
}

impl Rows {
    /// Splits rows of `weights` entries each, in chunk order, into lanes; pads are 0.
    pub fn new(layout: &ChunkLayout, rows: &[&[i8]]) -> Result<Self> {
        let mut cells = Vec::with_capacity(rows.len() * layout.capacity());
        for row in rows {
            layout.to_lanes(row, 0)?.iter().for_each(|lane| cells.extend_from_slice(lane));
        }
        Ok(Rows { lanes: layout.lanes, active: layout.active_rows, count: rows.len(), cells })
    }

    #[cfg(test)]
    pub(crate) fn from_cells(lanes: usize, active: usize, count: usize, cells: Vec<i8>) -> Self {
        Rows { lanes, active, count, cells }
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Number of lanes.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Active rows of the chunk: the cells of one row on one lane.
    pub fn active(&self) -> usize {
        self.active
    }

    /// Row k on one lane.
    pub fn lane(&self, k: usize, lane: usize) -> &[i8] {
        let start = (k * self.lanes + lane) * self.active;
        &self.cells[start..start + self.active]
    }
}
