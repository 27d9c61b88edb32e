//! Eight elements of the base field of BLS12-381, in eight limbs each.
//!
//! R = 2^416 leaves 35 bits above q: sums and differences of a few elements go into products unreduced. Elements that are
//! stored are below 2q.

use std::arch::x86_64::*;

use blst::blst_fp;

use super::{all, carry, product, transpose_8x8, BITS, MASK};

/// Limbs of a coordinate.
pub(crate) const COORDINATE_LIMBS: usize = 8;
const L: usize = COORDINATE_LIMBS;

/// q, little-endian words.
const Q: [u64; 6] = [
    0xb9fe_ffff_ffff_aaab,
    0x1eab_fffe_b153_ffff,
    0x6730_d2a0_f6b0_f624,
    0x6477_4b84_f385_12bf,
    0x4b1b_a7b6_434b_acd7,
    0x1a01_11ea_397f_e69a,
];

/// 384 bits in limbs of 52.
const fn split(x: [u64; 6]) -> [u64; L] {
    let mut out = [0u64; L];
    let mut i = 0;
    while i < L {
        let (word, shift) = (i * 52 / 64, (i * 52 % 64) as u32);
        let mut limb = x[word] >> shift;
        if shift > 12 && word + 1 < 6 {
            limb |= x[word + 1] << (64 - shift);
        }
        out[i] = limb & MASK;
        i += 1;
    }
    out
}

/// m·q in limbs, for small m.
const fn multiple(m: u64) -> [u64; L] {
    let limbs = split(Q);
    let mut out = [0u64; L];
    let (mut i, mut carry) = (0, 0u64);
    while i < L {
        let wide = limbs[i] as u128 * m as u128 + carry as u128;
        out[i] = (wide as u64) & MASK;
        carry = (wide >> 52) as u64;
        i += 1;
    }
    out
}

const LIMBS: [u64; L] = split(Q);
const TWO_Q: [u64; L] = multiple(2);
const FOUR_Q: [u64; L] = multiple(4);
/// Limb j of 0, q, …, 7q.
const MULTIPLES: [[u64; 8]; L] = {
    let mut out = [[0u64; 8]; L];
    let mut m = 0;
    while m < 8 {
        let of = multiple(m as u64);
        let mut j = 0;
        while j < L {
            out[j][m] = of[j];
            j += 1;
        }
        m += 1;
    }
    out
};
/// −1/q mod 2^52.
const INVERSE: u64 = {
    let mut x: u64 = 1;
    let mut round = 0;
    while round < 6 {
        x = x.wrapping_mul(2u64.wrapping_sub(Q[0].wrapping_mul(x)));
        round += 1;
    }
    x.wrapping_neg() & MASK
};

/// 2^exponent mod q, raw words.
const fn power_of_two(exponent: u32) -> [u64; 6] {
    let mut x = [1u64, 0, 0, 0, 0, 0];
    let mut step = 0;
    while step < exponent {
        let mut doubled = [0u64; 6];
        let mut i = 0;
        while i < 6 {
            doubled[i] = x[i] << 1 | if i > 0 { x[i - 1] >> 63 } else { 0 };
            i += 1;
        }
        let (mut less, mut borrow) = ([0u64; 6], false);
        i = 0;
        while i < 6 {
            let (d, b1) = doubled[i].overflowing_sub(Q[i]);
            let (d, b2) = d.overflowing_sub(borrow as u64);
            less[i] = d;
            borrow = b1 | b2;
            i += 1;
        }
        x = if borrow { doubled } else { less };
        step += 1;
    }
    x
}

/// Eight coordinates. Stored ones are below 2q.
#[derive(Clone, Copy)]
pub(crate) struct Coordinate([__m512i; L]);

impl Coordinate {
    /// Limbs of one element below q, given in `blst`'s Montgomery form.
    pub(crate) fn limbs(x: &blst_fp) -> [u64; L] {
        // R = 2^416 is 2^384 · 2^32.
        const FACTOR: blst_fp = blst_fp { l: power_of_two(384 + 32) };
        let mut raised = blst_fp::default();
        // SAFETY: all pointers are valid for the call.
        unsafe { blst::blst_fp_mul(&mut raised, x, &FACTOR) };
        split(raised.l)
    }

    /// The element of some limbs below 2^384, in `blst`'s form.
    pub(crate) fn element(limbs: &[u64; L]) -> blst_fp {
        let mut words = [0u64; 7];
        for (i, limb) in limbs.iter().enumerate() {
            let (word, shift) = (i * 52 / 64, i * 52 % 64);
            words[word] |= limb << shift;
            if shift > 12 {
                words[word + 1] |= limb >> (64 - shift);
            }
        }
        let mut raw = [words[0], words[1], words[2], words[3], words[4], words[5]];
        while let Some(less) = checked_subtract(&raw) {
            raw = less;
        }
        const FACTOR: blst_fp = blst_fp { l: power_of_two(384 - 32) };
        let mut out = blst_fp::default();
        // SAFETY: all pointers are valid for the call; `raw` is below q.
        unsafe { blst::blst_fp_mul(&mut out, &blst_fp { l: raw }, &FACTOR) };
        out
    }

    /// 2q − x of one element's limbs, for x below 2q.
    pub(crate) fn negated(limbs: &[u64; L]) -> [u64; L] {
        let (mut out, mut borrow) = ([0u64; L], 0i64);
        for i in 0..L {
            let limb = TWO_Q[i] as i64 - limbs[i] as i64 + borrow;
            out[i] = limb as u64 & MASK;
            borrow = limb >> BITS;
        }
        out
    }

    /// Element i + N (mod 8) in place i.
    #[inline(always)]
    pub(crate) unsafe fn rotated<const N: i32>(self) -> Self {
        let mut out = self.0;
        for limb in &mut out {
            *limb = _mm512_alignr_epi64::<N>(*limb, *limb);
        }
        Coordinate(out)
    }

    /// Eight elements from eight places of L words.
    #[inline(always)]
    pub(crate) unsafe fn gather(places: [*const u64; 8]) -> Self {
        let mut rows = [_mm512_setzero_si512(); 8];
        for i in 0..8 {
            rows[i] = _mm512_loadu_si512(places[i].cast());
        }
        Coordinate(transpose_8x8(rows))
    }

    /// The eight elements as rows of L words.
    #[inline(always)]
    pub(crate) unsafe fn rows(self) -> [[u64; L]; 8] {
        let columns = transpose_8x8(self.0);
        let mut out = [[0u64; L]; 8];
        for i in 0..8 {
            _mm512_storeu_si512(out[i].as_mut_ptr().cast(), columns[i]);
        }
        out
    }

    #[inline(always)]
    pub(crate) unsafe fn splat(limbs: &[u64; L]) -> Self {
        let mut out = [_mm512_setzero_si512(); L];
        for i in 0..L {
            out[i] = all(limbs[i]);
        }
        Coordinate(out)
    }

    /// One, in Montgomery form.
    #[inline(always)]
    pub(crate) unsafe fn one() -> Self {
        const ONE: [u64; L] = split(power_of_two(416));
        Self::splat(&ONE)
    }

    /// a·b, below 2q for factors below 2^17 q.
    #[inline(always)]
    pub(crate) unsafe fn mul(self, other: Self) -> Self {
        Coordinate(product(&self.0, &other.0, &LIMBS, INVERSE))
    }

    /// a + b, unreduced.
    #[inline(always)]
    pub(crate) unsafe fn plus(self, other: Self) -> Self {
        let mut sum = self.0;
        for i in 0..L {
            sum[i] = _mm512_add_epi64(sum[i], other.0[i]);
        }
        Coordinate(carry(sum))
    }

    /// a − b + 2q, for b below 2q.
    #[inline(always)]
    pub(crate) unsafe fn minus(self, other: Self) -> Self {
        self.difference(other, &TWO_Q)
    }

    /// a − b + 4q, for b below 4q.
    #[inline(always)]
    pub(crate) unsafe fn minus_sum(self, other: Self) -> Self {
        self.difference(other, &FOUR_Q)
    }

    #[inline(always)]
    unsafe fn difference(self, other: Self, raise: &[u64; L]) -> Self {
        let mut out = self.0;
        for i in 0..L {
            out[i] = _mm512_add_epi64(_mm512_sub_epi64(out[i], other.0[i]), all(raise[i]));
        }
        Coordinate(carry(out))
    }

    /// 2q − a where the bit of `mask` is set, for a below 2q.
    #[inline(always)]
    pub(crate) unsafe fn negate_where(self, mask: u8) -> Self {
        let mut negated = self.0;
        for i in 0..L {
            negated[i] = _mm512_sub_epi64(all(TWO_Q[i]), negated[i]);
        }
        negated = carry(negated);
        let mut out = self.0;
        for i in 0..L {
            out[i] = _mm512_mask_mov_epi64(out[i], mask, negated[i]);
        }
        Coordinate(out)
    }

    /// The same element below 2q, for a below 8q: the highest limb tells the quotient, at most one too small.
    #[inline(always)]
    pub(crate) unsafe fn reduced(self) -> Self {
        const TOP: u64 = (1 << 32) / (LIMBS[L - 1] + 1);
        let quotient = _mm512_srli_epi64::<32>(_mm512_mul_epu32(self.0[L - 1], all(TOP)));
        let mut out = self.0;
        for j in 0..L {
            let table = _mm512_loadu_si512(MULTIPLES[j].as_ptr().cast());
            out[j] = _mm512_sub_epi64(out[j], _mm512_permutexvar_epi64(quotient, table));
        }
        Coordinate(carry(out))
    }
}

/// x − q, or None where that is negative.
fn checked_subtract(x: &[u64; 6]) -> Option<[u64; 6]> {
    let (mut out, mut borrow) = (*x, false);
    for i in 0..6 {
        let (d, b1) = x[i].overflowing_sub(Q[i]);
        let (d, b2) = d.overflowing_sub(u64::from(borrow));
        out[i] = d;
        borrow = b1 | b2;
    }
    (!borrow).then_some(out)
}
