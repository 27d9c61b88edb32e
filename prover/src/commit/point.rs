//! Points of G1 as bytes and between affine and projective form.
//!
//! Points that come from outside are parsed here and nowhere else. `blst` and `midnight_curves` share one layout; the
//! conversions below go through their public accessors.

use blst::{blst_p1, blst_p1_affine, BLST_ERROR};
use midnight_curves::G1Projective;

use crate::error::{Error, Result};

/// Bytes of a compressed point.
pub const COMPRESSED: usize = 48;
/// Bytes of an uncompressed point.
pub const UNCOMPRESSED: usize = 96;

/// The projective point of a raw one.
pub(crate) fn projective(raw: blst_p1) -> G1Projective {
    let mut point = G1Projective::default();
    *point.as_mut() = raw;
    point
}

/// The same point in projective coordinates.
pub fn from_affine(point: &blst_p1_affine) -> G1Projective {
    let mut raw = blst_p1::default();
    // SAFETY: both pointers are valid for the call.
    unsafe { blst::blst_p1_from_affine(&mut raw, point) };
    projective(raw)
}

/// Affine forms with one shared inversion.
pub fn to_affine(points: &[G1Projective]) -> Vec<blst_p1_affine> {
    let mut out = vec![blst_p1_affine::default(); points.len()];
    let pointers: Vec<*const blst_p1> = points.iter().map(|p| std::ptr::from_ref(p.as_ref())).collect();
    if !points.is_empty() {
        // SAFETY: `pointers` holds one valid pointer for each of the `len` points that are written to `out`.
        unsafe { blst::blst_p1s_to_affine(out.as_mut_ptr(), pointers.as_ptr(), points.len()) };
    }
    out
}

/// −P.
pub(crate) fn negate(point: &blst_p1_affine) -> blst_p1_affine {
    let mut out = *point;
    // SAFETY: in- and output may coincide; y = 0 (infinity) stays 0.
    unsafe { blst::blst_fp_cneg(&mut out.y, &point.y, true) };
    out
}

/// Compressed points, 48 bytes each, one after another.
pub fn compress(points: &[G1Projective]) -> Vec<u8> {
    compress_affine(&to_affine(points))
}

/// Compressed points, 48 bytes each, one after another.
pub fn compress_affine(points: &[blst_p1_affine]) -> Vec<u8> {
    let mut out = vec![0u8; points.len() * COMPRESSED];
    for (bytes, point) in out.chunks_exact_mut(COMPRESSED).zip(points) {
        // SAFETY: `bytes` has the 48 bytes that are written.
        unsafe { blst::blst_p1_affine_compress(bytes.as_mut_ptr(), point) };
    }
    out
}

/// Uncompressed points, 96 bytes each, one after another.
pub fn uncompressed(points: &[blst_p1_affine]) -> Vec<u8> {
    let mut out = vec![0u8; points.len() * UNCOMPRESSED];
    for (bytes, point) in out.chunks_exact_mut(UNCOMPRESSED).zip(points) {
        // SAFETY: `bytes` has the 96 bytes that are written.
        unsafe { blst::blst_p1_affine_serialize(bytes.as_mut_ptr(), point) };
    }
    out
}

/// Parses concatenated compressed points from an untrusted source: canonical encoding, on the curve, in the subgroup of
/// prime order, not at infinity.
///
/// # Errors
/// `Error::Input` that names the index of the first bad point.
pub fn parse_compressed_checked(bytes: &[u8]) -> Result<Vec<G1Projective>> {
    Ok(parse_compressed_affine(bytes)?.iter().map(from_affine).collect())
}

/// As [`parse_compressed_checked`], in affine form.
pub fn parse_compressed_affine(bytes: &[u8]) -> Result<Vec<blst_p1_affine>> {
    parse_compressed(bytes, Infinity::Refused)
}

/// As [`parse_compressed_checked`] for commitments of columns without blinding, which may be zero.
///
/// # Errors
/// `Error::Input` that names the index of the first bad point.
pub fn parse_compressed_public(bytes: &[u8]) -> Result<Vec<G1Projective>> {
    Ok(parse_compressed(bytes, Infinity::Allowed)?.iter().map(from_affine).collect())
}

fn parse_compressed(bytes: &[u8], infinity: Infinity) -> Result<Vec<blst_p1_affine>> {
    let points = parse(bytes, COMPRESSED, infinity, |out, b| {
        // SAFETY: `parse` hands over exactly 48 bytes.
        unsafe { blst::blst_p1_uncompress(out, b.as_ptr()) }
    })?;
    match points.iter().position(|p| !in_subgroup(p)) {
        Some(index) => Err(bad_point(index, "is not in the subgroup of prime order")),
        None => Ok(points),
    }
}

/// Parses concatenated uncompressed points: canonical encoding, on the curve, not at infinity. The subgroup is *not*
/// checked: for files that this program wrote after a full check and that are bound by a digest.
///
/// # Errors
/// `Error::Input` that names the index of the first bad point.
pub fn parse_uncompressed_on_curve(bytes: &[u8]) -> Result<Vec<blst_p1_affine>> {
    parse_uncompressed(bytes, Infinity::Refused)
}

/// As [`parse_uncompressed_on_curve`] for commitments of public columns, which have no blinding and may be zero.
///
/// # Errors
/// `Error::Input` that names the index of the first bad point.
pub fn parse_uncompressed_public(bytes: &[u8]) -> Result<Vec<blst_p1_affine>> {
    parse_uncompressed(bytes, Infinity::Allowed)
}

fn parse_uncompressed(bytes: &[u8], infinity: Infinity) -> Result<Vec<blst_p1_affine>> {
    parse(bytes, UNCOMPRESSED, infinity, |out, b| {
        // SAFETY: `parse` hands over exactly 96 bytes. The call checks the curve equation.
        unsafe { blst::blst_p1_deserialize(out, b.as_ptr()) }
    })
}

/// Whether the neutral element may stand among the points.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Infinity {
    Allowed,
    Refused,
}

/// Whether a point of the curve lies in the subgroup of prime order.
pub fn in_subgroup(point: &blst_p1_affine) -> bool {
    // SAFETY: the pointer is valid for the call.
    unsafe { blst::blst_p1_affine_in_g1(point) }
}

fn bad_point(index: usize, why: &str) -> Error {
    Error::input(format!("point {index} {why}")).with_value(index)
}

fn parse(
    bytes: &[u8],
    size: usize,
    infinity: Infinity,
    read: impl Fn(&mut blst_p1_affine, &[u8]) -> BLST_ERROR,
) -> Result<Vec<blst_p1_affine>> {
    if !bytes.len().is_multiple_of(size) {
        return Err(Error::input(format!("points take {size} bytes each")).with_value(bytes.len()));
    }
    let parse_one = |(index, bytes): (usize, &[u8])| {
        // The compression bit must agree with the length that the format prescribes.
        if (bytes[0] & 0x80 != 0) != (size == COMPRESSED) {
            return Err(bad_point(index, "has the wrong compression flag"));
        }
        let mut point = blst_p1_affine::default();
        match read(&mut point, bytes) {
            BLST_ERROR::BLST_SUCCESS => {}
            BLST_ERROR::BLST_POINT_NOT_ON_CURVE => return Err(bad_point(index, "is not on the curve")),
            _ => return Err(bad_point(index, "has a bad encoding")),
        }
        // SAFETY: the pointer is valid for the call.
        if unsafe { blst::blst_p1_affine_is_inf(&point) } && infinity == Infinity::Refused {
            return Err(bad_point(index, "is at infinity"));
        }
        Ok(point)
    };
    bytes.chunks_exact(size).enumerate().map(parse_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use group::Group;

    fn sample() -> Vec<G1Projective> {
        let g = G1Projective::generator();
        vec![g, g + g, -g]
    }

    #[test]
    fn both_encodings_round_trip() {
        let points = sample();
        assert_eq!(parse_compressed_checked(&compress(&points)).unwrap(), points);
        let affine = to_affine(&points);
        assert_eq!(parse_uncompressed_on_curve(&uncompressed(&affine)).unwrap(), affine);
        assert_eq!(affine.iter().map(from_affine).collect::<Vec<_>>(), points);
        assert_eq!(from_affine(&negate(&affine[0])), points[2]);
        assert!(to_affine(&[]).is_empty() && compress(&[]).is_empty());
    }

    #[test]
    fn infinity_survives_conversion_among_others() {
        let points = [sample()[0], G1Projective::identity(), sample()[1]];
        assert_eq!(to_affine(&points).iter().map(from_affine).collect::<Vec<_>>(), points);
        assert_eq!(from_affine(&negate(&blst_p1_affine::default())), points[1]);
    }

    /// A point of the curve outside the subgroup: the first x for which y² = x³ + 4 has a root and r·P ≠ O.
    fn outside_subgroup() -> [u8; 48] {
        (1u8..)
            .map(|x| {
                let mut bytes = [0u8; 48];
                (bytes[0], bytes[47]) = (0x80, x);
                bytes
            })
            .find(|b| {
                parse(b, 48, Infinity::Refused, |o, b| unsafe { blst::blst_p1_uncompress(o, b.as_ptr()) }).is_ok()
            })
            .unwrap()
    }

    #[test]
    fn bad_points_are_refused() {
        let good = compress(&sample());
        let mut off_curve = good.clone();
        off_curve[48..96].copy_from_slice(&[[0x80].as_slice(), &[0; 46], &[1]].concat());
        let mut above_modulus = good.clone();
        above_modulus[..48].copy_from_slice(&[0x9f; 48]);
        let infinity = [[0xc0].as_slice(), &[0; 47]].concat();
        let dirty_infinity = [[0xc0].as_slice(), &[0; 46], &[1]].concat();
        let mut uncompressed_flag = good[..48].to_vec();
        uncompressed_flag[0] &= 0x7f;
        let table: [(&[u8], &str); 7] = [
            (&good[..95], "48 bytes"),
            (&off_curve, "point 1"),
            (&above_modulus, "encoding"),
            (&infinity, "infinity"),
            (&dirty_infinity, "encoding"),
            (&uncompressed_flag, "flag"),
            (&outside_subgroup(), "subgroup"),
        ];
        for (bytes, why) in table {
            let error = parse_compressed_checked(bytes).unwrap_err();
            assert!(error.to_string().contains(why), "{error} lacks {why}");
        }
    }

    #[test]
    fn bad_uncompressed_points_are_refused() {
        let good = uncompressed(&to_affine(&sample()));
        let mut off_curve = good.clone();
        off_curve[95] ^= 1;
        let mut flag = good.clone();
        flag[0] |= 0x80;
        let infinity = [[0x40].as_slice(), &[0; 95]].concat();
        for bytes in [&good[..191], &off_curve, &flag, &infinity, &compress(&sample())[..96]] {
            assert!(parse_uncompressed_on_curve(bytes).is_err());
        }
        assert_eq!(parse_uncompressed_public(&infinity).unwrap(), [blst_p1_affine::default()]);
        assert!(parse_uncompressed_public(&off_curve).is_err());
    }
}
