//! Points of G2 as bytes.

use blst::{blst_p2, blst_p2_affine, BLST_ERROR};
use group::Group;
use midnight_curves::G2Projective;

use crate::error::{Error, Result};

/// Bytes of a compressed point.
pub const COMPRESSED: usize = 96;
/// Bytes of an uncompressed point.
pub const UNCOMPRESSED: usize = 192;

/// A compressed point from an untrusted source: canonical, on the curve, in the subgroup, not at infinity.
///
/// # Errors
/// `Error::Input`, for another length too.
pub fn parse_compressed(bytes: &[u8]) -> Result<G2Projective> {
    let bytes: &[u8; COMPRESSED] = bytes.try_into().map_err(|_| wrong_length(bytes))?;
    let flag = bytes[0] & 0x80 != 0;
    // SAFETY: the call reads the 96 bytes of the array.
    parse(flag, |out| unsafe { blst::blst_p2_uncompress(out, bytes.as_ptr()) })
}

/// An uncompressed point, with the same checks.
///
/// # Errors
/// `Error::Input`, for another length too.
pub fn parse_uncompressed(bytes: &[u8]) -> Result<G2Projective> {
    let bytes: &[u8; UNCOMPRESSED] = bytes.try_into().map_err(|_| wrong_length(bytes))?;
    let flag = bytes[0] & 0x80 == 0;
    // SAFETY: the call reads the 192 bytes of the array and checks the curve equation.
    parse(flag, |out| unsafe { blst::blst_p2_deserialize(out, bytes.as_ptr()) })
}

fn wrong_length(bytes: &[u8]) -> Error {
    Error::input("a point of G2 takes 96 bytes, or 192 uncompressed").with_value(bytes.len())
}

fn parse(flag: bool, read: impl Fn(&mut blst_p2_affine) -> BLST_ERROR) -> Result<G2Projective> {
    let mut affine = blst_p2_affine::default();
    if !flag || read(&mut affine) != BLST_ERROR::BLST_SUCCESS {
        return Err(Error::input("a point of G2 is not on the curve or badly encoded"));
    }
    // SAFETY: the pointer is valid for the call.
    if !unsafe { blst::blst_p2_affine_in_g2(&affine) } {
        return Err(Error::input("a point of G2 is not in the subgroup of prime order"));
    }
    let mut raw = blst_p2::default();
    // SAFETY: both pointers are valid for the call.
    unsafe { blst::blst_p2_from_affine(&mut raw, &affine) };
    let mut point = G2Projective::default();
    *point.as_mut() = raw;
    if bool::from(point.is_identity()) {
        return Err(Error::input("a point of G2 is at infinity"));
    }
    Ok(point)
}

/// 192 big-endian bytes, as `blst` serialises.
pub fn uncompressed(point: &G2Projective) -> [u8; UNCOMPRESSED] {
    let mut out = [0u8; UNCOMPRESSED];
    // SAFETY: the call writes the 192 bytes of the array.
    unsafe { blst::blst_p2_serialize(out.as_mut_ptr(), point.as_ref()) };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_points_are_refused() {
        let g = G2Projective::generator();
        let good = uncompressed(&g);
        assert_eq!(parse_uncompressed(&good).unwrap(), g);
        let mut off_curve = good;
        off_curve[191] ^= 1;
        let mut infinity = [0u8; 192];
        infinity[0] = 0x40;
        let mut flag = good;
        flag[0] |= 0x80;
        for bytes in [off_curve, infinity, flag, [0xff; 192]] {
            assert!(parse_uncompressed(&bytes).is_err());
        }
        // An x of the curve whose point has a component outside the subgroup.
        let outside = (1u8..).map(|x| {
            let mut bytes = [0u8; 96];
            (bytes[0], bytes[95]) = (0x80, x);
            parse_compressed(&bytes).unwrap_err().to_string()
        });
        assert!(outside.take(20).any(|e| e.contains("subgroup")));
    }
}
