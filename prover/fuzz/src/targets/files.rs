//! Setup files and plain encodings.

use std::sync::OnceLock;

use zkapex_prover::chunk::ChunkLayout;
use zkapex_prover::commit::point;
use zkapex_prover::field;
use zkapex_prover::relation::{Columns, Public};
use zkapex_prover::srs::{g2, import, Srs};
use zkapex_prover::tables::Tables;
use zkapex_prover::{enrolment, online, Error, Result};

use super::vectors;

use super::super::scratch::with_file;

/// Larger ones would be refused as well, after checks that take more than a second.
const MAX_SRS_K: u32 = 6;

/// Constraint tables, and the sizes that every relation reads from them.
pub fn tables(bytes: &[u8]) -> Result<()> {
    let tables = Tables::parse(bytes)?;
    let (degree, usable) = (tables.degree(), tables.usable_rows());
    assert!(degree >= 3 && usable < tables.domain());
    assert_eq!(tables.unrotated_advice().is_empty(), tables.advice.is_empty());
    // Each relation may find that the tables are not its own.
    let own = [
        ChunkLayout::from_tables(&tables).map(drop),
        online::Layout::from_tables(&tables).map(drop),
        enrolment::Layout::from_tables(&tables).map(drop),
    ];
    assert!(own.iter().all(|sizes| !matches!(sizes, Err(Error::Internal { .. } | Error::Io { .. }))));
    Ok(())
}

/// The published transcript of a ceremony.
pub fn ceremony(bytes: &[u8]) -> Result<()> {
    with_file(bytes, |path| import::load(path, import::MIN_K)).map(drop)
}

/// A reference string.
pub fn srs(bytes: &[u8]) -> Result<()> {
    let srs = with_file(bytes, Srs::load)?;
    assert!(srs.k <= MAX_SRS_K && srs.size() == 1 << srs.k);
    Ok(())
}

/// Small tables with committed, plain and advice columns.
fn pairs() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| vectors::tables("proofs/pairs.tables.json"))
}

/// A prover's columns.
pub fn columns(bytes: &[u8]) -> Result<()> {
    with_file(bytes, |path| Columns::open(path, pairs())).map(drop)
}

/// A verifier's columns.
pub fn public(bytes: &[u8]) -> Result<()> {
    with_file(bytes, |path| Public::open(path, pairs())).map(drop)
}

/// Points and scalars, accepted where any decoder takes them: what it takes is written again as the same bytes.
pub fn points(bytes: &[u8]) -> Result<()> {
    let (mut taken, mut refused) = (false, Ok(()));
    let mut keep = |result: Result<Vec<u8>>| match result {
        Ok(again) => {
            assert_eq!(again, bytes, "two encodings of one value");
            taken = true;
        }
        // A length that no decoder takes says least: the others' words count.
        Err(error) if refused.is_ok() || !error.to_string().contains("bytes") => refused = Err(error),
        Err(_) => {}
    };
    keep(point::parse_compressed_affine(bytes).map(|p| point::compress_affine(&p)));
    keep(point::parse_compressed_public(bytes).map(|p| point::compress(&p)));
    keep(point::parse_uncompressed_on_curve(bytes).map(|p| point::uncompressed(&p)));
    keep(point::parse_uncompressed_public(bytes).map(|p| point::uncompressed(&p)));
    keep(g2::parse_uncompressed(bytes).map(|p| g2::uncompressed(&p).to_vec()));
    keep(g2::parse_compressed(bytes).map(|_| bytes.to_vec()));
    keep(field::from_le_bytes(bytes).map(|x| field::to_le_bytes(&x).to_vec()));
    if let Ok(text) = std::str::from_utf8(bytes) {
        keep(field::parse_decimal(text).map(|x| field::to_decimal(&x).into_bytes()));
    }
    if taken {
        return Ok(());
    }
    refused
}
