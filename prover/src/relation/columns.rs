//! Columns of a prover: the values of every committed, plain and advice column.

use std::path::Path;

use crate::artefact::{bad_input, Plain};
use crate::error::Result;
use crate::field::{self, F};
use crate::tables::Tables;

/// Values by kind, in table order. Columns may be shorter than the usable rows; the rest is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub committed: Vec<Vec<F>>,
    pub plain: Vec<Vec<F>>,
    pub advice: Vec<Vec<F>>,
}

impl Columns {
    /// Reads a file that holds, for each instance and advice column of the tables, a tensor of that name: U8 [rows, 32],
    /// canonical scalars, little-endian.
    ///
    /// # Errors
    /// `Error::Io`; `Error::Input` for columns that are missing, unknown or longer than the usable rows, and for integers
    /// of p or more.
    pub fn open(path: &Path, tables: &Tables) -> Result<Self> {
        let file = Plain::open(path)?;
        file.expect_names(tables.instance_names().chain(tables.advice_names()))?;
        let usable = tables.usable_rows();
        let (committed, plain) = tables.instance.split_at(tables.committed());
        let read = |name: &str| scalars(&file, name, usable);
        Ok(Columns {
            committed: committed.iter().map(|column| read(&column.name)).collect::<Result<_>>()?,
            plain: plain.iter().map(|column| read(&column.name)).collect::<Result<_>>()?,
            advice: tables.advice_names().map(read).collect::<Result<_>>()?,
        })
    }
}

/// One column of at most `usable` rows.
pub(super) fn scalars(file: &Plain, name: &str, usable: usize) -> Result<Vec<F>> {
    let rows = file.rows::<{ field::BYTES }>(name, usable)?;
    let parse = |(row, bytes): (usize, &[u8; field::BYTES])| {
        field::from_le_bytes(bytes).map_err(|e| e.at_field(format!("{name}[{row}]")).at_file(file.path()))
    };
    rows.iter().enumerate().map(parse).collect()
}

/// The point of a committed column; infinity is the commitment of zeros.
pub(super) fn commitment(file: &Plain, name: &str) -> Result<midnight_curves::G1Projective> {
    let bytes = file.bytes::<{ crate::commit::point::COMPRESSED }>(name)?;
    let points = crate::commit::parse_compressed_public(&bytes).map_err(|e| e.at_field(name).at_file(file.path()))?;
    points.first().copied().ok_or_else(|| bad_input(file.path(), name, "", "the commitment is missing"))
}
