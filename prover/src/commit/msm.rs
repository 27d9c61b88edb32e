//! Multi-exponentiations Σ s_i·P_i by Pippenger's bucket method, over `blst`'s tiles.
//!
//! A tile handles one window of bits of all scalars. Signed scalars are given in two's complement: Booth recoding makes the
//! digit of the highest window negative where the sign bit is set, so no offset and no correction is needed.
//! The running time depends on the scalars: these functions are for the prover's own machine.

use blst::{blst_p1, blst_p1_affine};
use group::Group;
use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::point::{from_affine, projective};
use super::wide::{self, WidePoint};
use crate::field::{self, F};

/// Points to multiply, and the same ones as the vector kernels want them: none where the machine has no such kernels.
#[derive(Clone, Copy)]
pub(crate) struct Bases<'a> {
    pub points: &'a [blst_p1_affine],
    pub wide: &'a [WidePoint],
}

impl<'a> Bases<'a> {
    /// Points that are used once.
    pub(crate) fn narrow(points: &'a [blst_p1_affine]) -> Self {
        Bases { points, wide: &[] }
    }

    /// Those of a range, or None past the end.
    pub(crate) fn get(&self, range: std::ops::Range<usize>) -> Option<Self> {
        let wide = if self.wide.is_empty() { self.wide } else { self.wide.get(range.clone())? };
        Some(Bases { points: self.points.get(range)?, wide })
    }

    /// The first `count`, which must not be more than there are.
    pub(crate) fn first(&self, count: usize) -> Self {
        Bases {
            points: &self.points[..count],
            wide: if self.wide.is_empty() { self.wide } else { &self.wide[..count] },
        }
    }

    /// Whether the vector kernels take these.
    fn has_wide(&self) -> bool {
        self.wide.len() == self.points.len() && self.wide.len() >= WIDE_MIN
    }
}

/// From here on vector kernels pay.
const WIDE_MIN: usize = 48;

/// Bits of the scalar modulus.
const FIELD_BITS: usize = 255;
/// From here on `blst` uses buckets; below it has a faster way of its own.
const BUCKET_MIN: usize = 32;
const MAX_WINDOW: usize = 12;
/// A bucket is four base-field elements of six words.
const BUCKET_WORDS: usize = 24;

/// Σ points, by batched affine additions.
pub(crate) fn sum<'a>(points: impl Iterator<Item = &'a blst_p1_affine>) -> G1Projective {
    let pointers: Vec<*const blst_p1_affine> = points.map(std::ptr::from_ref).collect();
    let mut out = blst_p1::default();
    if !pointers.is_empty() {
        // SAFETY: each pointer comes from a live reference; `len` of them are read.
        unsafe { blst::blst_p1s_add(&mut out, pointers.as_ptr(), pointers.len()) };
    }
    projective(out)
}

/// Σ s_i·P_i over field elements, on the calling thread. Lengths must agree (the callers check).
pub(super) fn full(bases: Bases, scalars: &[F]) -> G1Projective {
    let points = bases.points;
    debug_assert_eq!(points.len(), scalars.len());
    if bases.has_wide() {
        return wide::full(bases.wide, scalars, false);
    }
    match points {
        [] => G1Projective::identity(),
        [point] => from_affine(point) * scalars[0],
        _ if points.len() < BUCKET_MIN => few(points, scalars),
        _ => {
            let bytes = padded(field::scalar_bytes(scalars));
            let plan = Plan::unsigned(points.len(), FIELD_BITS);
            let mut scratch = plan.scratch();
            plan.join((0..plan.tiles).rev().map(|t| plan.tile(points, &bytes, t, &mut scratch)))
        }
    }
}

/// [`full`] with the tiles spread over the current rayon pool.
pub(crate) fn full_parallel(bases: Bases, scalars: &[F]) -> G1Projective {
    let points = bases.points;
    if points.len() < BUCKET_MIN || rayon::current_num_threads() == 1 {
        return full(bases, scalars);
    }
    if bases.has_wide() {
        return wide::full(bases.wide, scalars, true);
    }
    let mut bytes = vec![0u8; scalars.len() * field::BYTES + PADDING];
    let blocks = bytes.par_chunks_mut(256 * field::BYTES).zip(scalars.par_chunks(256));
    blocks.for_each(|(out, block)| {
        out.chunks_exact_mut(field::BYTES).zip(block).for_each(|(o, x)| o.copy_from_slice(&x.to_bytes_le()));
    });
    let plan = Plan::unsigned(points.len(), FIELD_BITS);
    let tiles: Vec<G1Projective> = (0..plan.tiles)
        .into_par_iter()
        .rev()
        .map_init(|| plan.scratch(), |scratch, t| plan.tile(points, &bytes, t, scratch))
        .collect();
    plan.join(tiles.into_iter())
}

/// Fewer points than pay for buckets.
fn few(points: &[blst_p1_affine], scalars: &[F]) -> G1Projective {
    let bytes = padded(field::scalar_bytes(scalars));
    let mut scratch = vec![0u64; scratch_words(points.len())];
    let mut out = blst_p1::default();
    let (points_list, scalar_list) = ([points.as_ptr(), std::ptr::null()], [bytes.as_ptr(), std::ptr::null()]);
    // SAFETY: both lists are one pointer to contiguous items and a null; `bytes` holds 32 bytes a scalar; the scratch has
    // the size that `blst` asks for.
    unsafe {
        blst::blst_p1s_mult_pippenger(
            &mut out,
            points_list.as_ptr(),
            points.len(),
            scalar_list.as_ptr(),
            FIELD_BITS,
            scratch.as_mut_ptr(),
        );
    }
    projective(out)
}

fn scratch_words(points: usize) -> usize {
    // SAFETY: a pure function of its argument.
    unsafe { blst::blst_p1s_mult_pippenger_scratch_sizeof(points) }.div_ceil(8)
}

/// Σ v_i·P_i over integers −2^(bits−1) ≤ v_i < 2^(bits−1), bits ≤ 64. Lengths must agree.
pub(super) fn signed(bases: Bases, values: &[i64], bits: usize) -> G1Projective {
    let points = bases.points;
    debug_assert_eq!(points.len(), values.len());
    if bases.has_wide() {
        return wide::signed(bases.wide, values, bits);
    }
    match points {
        [] => G1Projective::identity(),
        [point] => from_affine(point) * field::fi(values[0].into()),
        _ => {
            let plan = Plan::signed(points.len(), bits);
            let width = plan.bits.div_ceil(8);
            let mut bytes = vec![0u8; values.len() * width + PADDING];
            for (out, value) in bytes.chunks_exact_mut(width).zip(values) {
                let sign = if *value < 0 { 0xff } else { 0 };
                let le = value.to_le_bytes();
                out.iter_mut().enumerate().for_each(|(i, b)| *b = le.get(i).copied().unwrap_or(sign));
            }
            let mut scratch = plan.scratch();
            plan.join((0..plan.tiles).rev().map(|t| plan.tile(points, &bytes, t, &mut scratch)))
        }
    }
}

/// Bits that hold every value in two's complement.
pub(super) fn signed_bits(values: &[i64]) -> usize {
    let widest = values.iter().map(|v| if *v < 0 { !*v } else { *v }).fold(0, |a, b| a | b);
    65 - widest.leading_zeros() as usize
}

/// Slack behind the scalars: a tile fetches one scalar ahead and reads words.
const PADDING: usize = 64;

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len() + PADDING, 0);
    bytes
}

/// How the scalars are cut into windows.
struct Plan {
    /// Bits of a scalar as the tiles see it.
    bits: usize,
    window: usize,
    tiles: usize,
}

/// Additions of one tile: one a point, two a bucket.
fn tile_cost(points: usize, window: usize) -> usize {
    points + (1 << window)
}

impl Plan {
    /// Windows for unsigned scalars; the highest, partial window absorbs the last carry.
    fn unsigned(points: usize, bits: usize) -> Self {
        let window = (2..=MAX_WINDOW).min_by_key(|w| (bits / w + 1) * tile_cost(points, *w)).unwrap_or(8);
        Plan { bits, window, tiles: bits / window + 1 }
    }

    /// Windows for two's complement: whole windows, sign-extended.
    fn signed(points: usize, bits: usize) -> Self {
        let window = (2..=MAX_WINDOW).min_by_key(|w| bits.div_ceil(*w) * tile_cost(points, *w)).unwrap_or(8);
        let tiles = bits.div_ceil(window);
        Plan { bits: tiles * window, window, tiles }
    }

    fn scratch(&self) -> Vec<u64> {
        vec![0u64; BUCKET_WORDS << self.window]
    }

    /// The multi-exponentiation by window `index` of all scalars; leaves `scratch` zeroed.
    fn tile(&self, points: &[blst_p1_affine], bytes: &[u8], index: usize, scratch: &mut [u64]) -> G1Projective {
        let width = self.bits.div_ceil(8);
        assert!(points.len() >= 2 && bytes.len() >= points.len() * width + PADDING);
        assert!(scratch.len() >= BUCKET_WORDS << self.window);
        let (points_list, scalar_list) = ([points.as_ptr(), std::ptr::null()], [bytes.as_ptr(), std::ptr::null()]);
        let mut out = blst_p1::default();
        // SAFETY: both lists are one pointer to contiguous items and a null. The call reads `points.len()` points and one
        // scalar of `width` bytes for each, at most four bytes past the last (the padding), and uses at most 2^window
        // buckets of the scratch, all checked above.
        unsafe {
            blst::blst_p1s_tile_pippenger(
                &mut out,
                points_list.as_ptr(),
                points.len(),
                scalar_list.as_ptr(),
                self.bits,
                scratch.as_mut_ptr(),
                index * self.window,
                self.window,
            );
        }
        projective(out)
    }

    /// Σ tile_t 2^(window·t), tiles given from the highest down.
    fn join(&self, tiles: impl Iterator<Item = G1Projective>) -> G1Projective {
        let shift = |p: G1Projective| (0..self.window).fold(p, |p, _| p.double());
        tiles.fold(G1Projective::identity(), |sum, tile| shift(sum) + tile)
    }
}
