//! Sizes of a chunk and where its cells lie: tail rows, active rows, blinding rows. The same for every relation of a
//! preset, so that one commitment serves them all.

use crate::error::{Error, Result};
use crate::tables::Tables;
use crate::ternary::MAX_PROJECTIONS;

/// Row order and sizes, from the tables' layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkLayout {
    pub preset: String,
    pub insecure: bool,
    /// Weights a row.
    pub lanes: usize,
    /// The client's gradient rows.
    pub client_rows: usize,
    /// The request's forget rows.
    pub forget_rows: usize,
    pub projections: usize,
    pub blinding_rows: usize,
    pub active_start: usize,
    pub active_rows: usize,
}

impl ChunkLayout {
    /// Reads the sizes that all relations share and checks them against the domain.
    ///
    /// # Errors
    /// `Error::Input` that names the field of the tables.
    pub fn from_tables(tables: &Tables) -> Result<Self> {
        let map = &tables.layout;
        let layout = ChunkLayout {
            preset: map.text("preset")?.to_owned(),
            insecure: map.flag("insecure")?,
            lanes: map.count("lanes")?,
            client_rows: map.count("client_rows")?,
            forget_rows: map.count("forget_rows")?,
            projections: map.count("projections")?,
            blinding_rows: map.count("blinding_rows")?,
            active_start: map.count("active_start")?,
            active_rows: map.count("active_rows")?,
        };
        let usable = (1usize << tables.k).saturating_sub(6);
        let sound = (2..=64).contains(&layout.lanes)
            && layout.client_rows >= 1
            && layout.active_start == layout.rows()
            && layout.active_rows >= 1
            && layout.blinding_rows >= 2
            && layout.blinding_end() <= usable
            && (1..=MAX_PROJECTIONS).contains(&layout.projections);
        if sound {
            Ok(layout)
        } else {
            Err(tables.error("layout", "the sizes are not those of a chunk"))
        }
    }

    /// Stacked curvature rows of a request: the client's and the request's; as many tail rows.
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

    /// Splits weights in chunk order into lanes: weight i lies in lane i mod P, row ⌊i / P⌋. Missing cells are `pad`.
    ///
    /// # Errors
    /// `Error::Internal` where there are more weights than the chunk holds.
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

    /// How an error names a weight of a chunk: by its place, never by its value.
    pub fn weight_name(&self, lane: usize, row: usize) -> String {
        format!("weight {} of the chunk", row * self.lanes + lane)
    }

    /// Rows of the domain where `lane`, a column of the active rows, is true.
    pub fn marked(&self, lane: &[bool]) -> Vec<usize> {
        (0..lane.len()).filter(|row| lane[*row]).map(|row| self.active_start + row).collect()
    }
}

/// `name.0`, `name.1`, …, as the tables call the columns of a group.
pub fn numbered(name: &'static str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |j| format!("{name}.{j}"))
}

/// Checks that the tables state `relation` with exactly these instance columns and the running sum as only advice.
///
/// # Errors
/// `Error::Input` that names the field of the tables.
pub fn check_relation(tables: &Tables, relation: &str, instance: impl Iterator<Item = String>) -> Result<()> {
    if tables.relation != relation {
        let message = format!("the tables must be of the relation {relation}");
        return Err(tables.error("relation", message).with_value(&tables.relation));
    }
    if tables.instance_names().ne(instance) || tables.advice_names().ne(["acc"]) {
        return Err(tables.error("instance", format!("the columns are not those of the relation {relation}")));
    }
    Ok(())
}
