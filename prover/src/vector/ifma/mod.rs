//! Eight elements side by side, by the 52-bit multiply-add of AVX-512 IFMA.
//!
//! An element of a field is L limbs of 52 bits in Montgomery form with R = 2^(52 L); limb i of all eight elements is one
//! register (Gueron and Krasnov, "Accelerating big integer arithmetic using Intel IFMA extensions", ARITH 2016). There are
//! spare bits above the modulus, so that elements may be left a few multiples of it too large: see the users' bounds.

mod coordinates;
mod scalars;

pub(crate) use coordinates::{Coordinate, COORDINATE_LIMBS};
pub(crate) use scalars::Eight;

use std::arch::x86_64::*;

/// Bits of a limb.
pub(crate) const BITS: u32 = 52;
/// The low 52 bits.
pub(crate) const MASK: u64 = (1 << BITS) - 1;

/// Whether the processor has the instructions.
pub(crate) fn available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512ifma")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

/// Eight times the same integer.
#[inline(always)]
unsafe fn all(x: u64) -> __m512i {
    _mm512_set1_epi64(x as i64)
}

/// Moves what exceeds 52 bits to the next limb, with sign; the highest limb keeps its own.
#[inline(always)]
unsafe fn carry<const L: usize>(mut x: [__m512i; L]) -> [__m512i; L] {
    let mask = all(MASK);
    for i in 0..L - 1 {
        x[i + 1] = _mm512_add_epi64(x[i + 1], _mm512_srai_epi64::<BITS>(x[i]));
        x[i] = _mm512_and_si512(x[i], mask);
    }
    x
}

/// Montgomery's product a·b/R, one limb of a step. Below p + a·b/R, with no last subtraction.
#[inline(always)]
unsafe fn product<const L: usize>(
    a: &[__m512i; L],
    b: &[__m512i; L],
    modulus: &[u64; L],
    inverse: u64,
) -> [__m512i; L] {
    let zero = _mm512_setzero_si512();
    let inverse = all(inverse);
    let mut sum = [zero; L];
    for i in 0..L {
        // Low and high halves are summed apart: shorter chains.
        let mut high = [zero; L];
        for j in 0..L {
            sum[j] = _mm512_madd52lo_epu64(sum[j], a[i], b[j]);
            high[j] = _mm512_madd52hi_epu64(high[j], a[i], b[j]);
        }
        let m = _mm512_madd52lo_epu64(zero, sum[0], inverse);
        for j in 0..L {
            let p = all(modulus[j]);
            sum[j] = _mm512_madd52lo_epu64(sum[j], m, p);
            high[j] = _mm512_madd52hi_epu64(high[j], m, p);
        }
        // The lowest limb is now 0 mod 2^52: drop it.
        let carried = _mm512_srli_epi64::<BITS>(sum[0]);
        for j in 0..L - 1 {
            sum[j] = _mm512_add_epi64(sum[j + 1], high[j]);
        }
        sum[L - 1] = high[L - 1];
        sum[0] = _mm512_add_epi64(sum[0], carried);
    }
    carry(sum)
}

/// Even and odd 128-bit lanes of two registers.
#[inline(always)]
unsafe fn shuffled(x: __m512i, y: __m512i) -> (__m512i, __m512i) {
    (_mm512_shuffle_i64x2::<0x88>(x, y), _mm512_shuffle_i64x2::<0xdd>(x, y))
}

/// Rows to columns.
#[inline(always)]
pub(crate) unsafe fn transpose_8x8(r: [__m512i; 8]) -> [__m512i; 8] {
    // Pairs, then quarters, then halves.
    let (a0, a1) = (_mm512_unpacklo_epi64(r[0], r[1]), _mm512_unpackhi_epi64(r[0], r[1]));
    let (b0, b1) = (_mm512_unpacklo_epi64(r[2], r[3]), _mm512_unpackhi_epi64(r[2], r[3]));
    let (c0, c1) = (_mm512_unpacklo_epi64(r[4], r[5]), _mm512_unpackhi_epi64(r[4], r[5]));
    let (d0, d1) = (_mm512_unpacklo_epi64(r[6], r[7]), _mm512_unpackhi_epi64(r[6], r[7]));
    let (e0, e2) = shuffled(a0, b0);
    let (e1, e3) = shuffled(a1, b1);
    let (f0, f2) = shuffled(c0, d0);
    let (f1, f3) = shuffled(c1, d1);
    let (g0, g4) = shuffled(e0, f0);
    let (g1, g5) = shuffled(e1, f1);
    let (g2, g6) = shuffled(e2, f2);
    let (g3, g7) = shuffled(e3, f3);
    [g0, g1, g2, g3, g4, g5, g6, g7]
}
