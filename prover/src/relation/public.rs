//! What a verifier knows of a relation's columns.

use std::path::Path;

use midnight_curves::G1Projective;

use super::columns::{commitment, scalars};
use crate::artefact::writer::Writer;
use crate::artefact::Plain;
use crate::commit;
use crate::error::Result;
use crate::field::{self, F};
use crate::tables::Tables;

/// Commitments of the committed columns and values of the plain ones, in table order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Public {
    pub committed: Vec<G1Projective>,
    pub plain: Vec<Vec<F>>,
}

impl Public {
    /// Reads a file that holds, for each committed column, a tensor U8 [48] of that name with its compressed commitment,
    /// and for each plain one U8 [rows, 32] as [`super::Columns`] does. The proof depends on the number of rows.
    ///
    /// # Errors
    /// `Error::Io`; `Error::Input` for columns that are missing, unknown or too long, integers of p or more, and points
    /// that are not on the curve, not in the subgroup or not canonical.
    pub fn open(path: &Path, tables: &Tables) -> Result<Self> {
        let file = Plain::open(path)?;
        file.expect_names(tables.instance_names())?;
        let (committed, plain) = tables.instance.split_at(tables.committed());
        Ok(Public {
            committed: committed.iter().map(|column| commitment(&file, &column.name)).collect::<Result<_>>()?,
            plain: plain
                .iter()
                .map(|column| scalars(&file, &column.name, tables.usable_rows()))
                .collect::<Result<_>>()?,
        })
    }

    /// Writes the file that [`Self::open`] reads.
    ///
    /// # Errors
    /// `Error::Io`.
    pub fn write(&self, path: &Path, tables: &Tables) -> Result<()> {
        let mut writer = Writer::new(path)?;
        let (committed, plain) = tables.instance.split_at(tables.committed());
        for (column, point) in committed.iter().zip(&self.committed) {
            let bytes = commit::compress(std::slice::from_ref(point));
            writer.tensor(&column.name, &[bytes.len()], [Ok(bytes)])?;
        }
        for (column, values) in plain.iter().zip(&self.plain) {
            writer.tensor(&column.name, &[values.len(), field::BYTES], [Ok(field::scalar_bytes(values))])?;
        }
        writer.finish_plain()
    }
}
