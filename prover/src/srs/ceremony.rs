//! The 4,096 powers of the Ethereum KZG ceremony that this program carries (`data/ethereum-kzg-4096`).

use midnight_curves::G2Projective;

use super::{domain_size, g2, trust, Points, Srs};
use crate::commit::parse_compressed_affine;
use crate::error::{Error, Locate, Result};

/// `source` of these reference strings.
pub const SOURCE: &str = "ethereum-kzg-4096";
/// Largest k that the powers serve.
pub const MAX_K: u32 = 12;

const G1: &[u8] = include_bytes!("../../data/ethereum-kzg-4096/g1_monomial.bin");
const G2: &[u8] = include_bytes!("../../data/ethereum-kzg-4096/g2_monomial.bin");

/// The reference string for 2^k rows, 1 ≤ k ≤ 12, fully checked.
///
/// The first 2^k powers are kept and their Lagrange form is computed.
///
/// # Errors
/// `Error::Input` where k is out of range.
pub fn load(k: u32) -> Result<Srs> {
    let size = domain_size(k)?;
    if k > MAX_K {
        return Err(Error::input(format!("the powers that ship with the program serve k up to {MAX_K}"))
            .at_field("k")
            .with_value(k));
    }
    let g = parse_compressed_affine(&G1[..size * 48]).at_field("g1_monomial")?;
    let points = Points::from_powers(k, g, g2_point(0)?, g2_point(1)?)?;
    let srs = Srs::assemble(k, points, false, SOURCE)?;
    match trust::shipped(k) == Some(hex::encode(srs.digest).as_str()) {
        true => Ok(srs),
        false => Err(Error::internal("the ceremony's data are not those that the program was made with")),
    }
}

fn g2_point(index: usize) -> Result<G2Projective> {
    let bytes = G2.get(index * g2::COMPRESSED..(index + 1) * g2::COMPRESSED);
    g2::parse_compressed(bytes.ok_or_else(|| Error::internal("the ceremony's data are truncated"))?)
}
