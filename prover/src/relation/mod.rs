//! Any relation of which only the tables are known: its columns come from a file, and its statement is nothing but the
//! digest of an outer transcript that the caller has kept.

mod columns;
mod public;

pub use columns::Columns;
pub use public::Public;

use midnight_curves::G1Projective;
use rayon::prelude::*;

use crate::commit::Committer;
use crate::error::{Error, Result};
use crate::field::F;

/// Parses the digest of an outer transcript: 64 bytes in lower-case hex.
///
/// # Errors
/// `Error::Input` for anything else.
pub fn parse_outer(text: &str) -> Result<[u8; 64]> {
    let bytes: Option<[u8; 64]> = hex::decode(text).ok().and_then(|b| b.try_into().ok());
    match bytes {
        Some(bytes) if hex::encode(bytes) == text => Ok(bytes),
        _ => Err(Error::input("expected 64 bytes in lower-case hex").at_field("outer").with_value(text)),
    }
}

/// Commitments of whole columns, without blinding but for what their rows hold.
///
/// # Errors
/// `Error::Input` where a column is longer than the domain.
pub fn commit(committer: &Committer, columns: &[Vec<F>]) -> Result<Vec<G1Projective>> {
    columns.par_iter().map(|column| committer.full_lagrange(column)).collect()
}
