//! Eight field elements side by side, by the 52-bit multiply-add of AVX-512 IFMA.
//!
//! An element is five limbs of 52 bits, in Montgomery form with R = 2^260, kept below 2p: with 4p < 2^257 the product of
//! two elements below 4p, divided by R, is below 1.5p, so that products need no last subtraction (Gueron and Krasnov,
//! "Accelerating big integer arithmetic using Intel IFMA extensions", ARITH 2016).

use std::arch::x86_64::*;

use super::{Kernel, Word};
use crate::field::{self, F, MODULUS};
use blst::blst_fr;

const LIMBS: usize = 5;
const BITS: u32 = 52;
const MASK: u64 = (1 << BITS) - 1;

/// See the module. Limb-major: limb i of all eight elements is one register.
#[derive(Clone, Copy)]
pub(crate) struct Eight([__m512i; LIMBS]);

/// Whether the processor has the instructions.
pub(crate) fn available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma") && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl")
}

/// 256 bits in limbs of 52.
const fn split(x: [u64; 4]) -> [u64; LIMBS] {
    [
        x[0] & MASK,
        (x[0] >> 52 | x[1] << 12) & MASK,
        (x[1] >> 40 | x[2] << 24) & MASK,
        (x[2] >> 28 | x[3] << 36) & MASK,
        x[3] >> 16,
    ]
}

const fn doubled(x: [u64; 4]) -> [u64; 4] {
    [x[0] << 1, x[1] << 1 | x[0] >> 63, x[2] << 1 | x[1] >> 63, x[3] << 1 | x[2] >> 63]
}

const P: [u64; LIMBS] = split(MODULUS);
/// 2p < 2^256.
const TWO_P: [u64; LIMBS] = split(doubled(MODULUS));
/// −1/p mod 2^52, by Newton's iteration; p is 1 mod 4.
const P_INVERSE: u64 = {
    let mut x: u64 = 1;
    let mut round = 0;
    while round < 6 {
        x = x.wrapping_mul(2u64.wrapping_sub(MODULUS[0].wrapping_mul(x)));
        round += 1;
    }
    x.wrapping_neg() & MASK
};
/// Montgomery limbs (R = 2^256) are those of x·2^−4 for R = 2^260; a product with 2^264 mod p mends that.
const RAW: u64 = 16;

#[inline(always)]
unsafe fn all(x: u64) -> __m512i {
    _mm512_set1_epi64(x as i64)
}

impl Eight {
    /// The limbs of eight Montgomery forms of R = 2^256, as they are.
    #[inline(always)]
    unsafe fn gather(values: &[F]) -> Self {
        let mut words = [[0u64; 8]; 4];
        for (i, value) in values[..8].iter().enumerate() {
            let limbs = field::to_montgomery(value);
            for j in 0..4 {
                words[j][i] = limbs[j];
            }
        }
        let mut w = [_mm512_setzero_si512(); 4];
        for j in 0..4 {
            w[j] = _mm512_loadu_si512(words[j].as_ptr().cast());
        }
        let mask = all(MASK);
        Eight([
            _mm512_and_si512(w[0], mask),
            _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64::<52>(w[0]), _mm512_slli_epi64::<12>(w[1])), mask),
            _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64::<40>(w[1]), _mm512_slli_epi64::<24>(w[2])), mask),
            _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64::<28>(w[2]), _mm512_slli_epi64::<36>(w[3])), mask),
            _mm512_srli_epi64::<16>(w[3]),
        ])
    }

    #[inline(always)]
    unsafe fn constant(limbs: [u64; LIMBS]) -> Self {
        Eight([all(limbs[0]), all(limbs[1]), all(limbs[2]), all(limbs[3]), all(limbs[4])])
    }

    /// x − m where that is not negative, else x. Limbs of x may be out of range by a carry, of either sign.
    #[inline(always)]
    unsafe fn subtract_once(x: [__m512i; LIMBS], m: &[u64; LIMBS]) -> Self {
        let kept = carry(x);
        let mut less = x;
        for i in 0..LIMBS {
            less[i] = _mm512_sub_epi64(x[i], all(m[i]));
        }
        less = carry(less);
        let negative = _mm512_movepi64_mask(less[LIMBS - 1]);
        for i in 0..LIMBS {
            less[i] = _mm512_mask_mov_epi64(less[i], negative, kept[i]);
        }
        Eight(less)
    }

    #[inline(always)]
    unsafe fn write(words: [__m512i; LIMBS], out: &mut [F]) {
        let w = [
            _mm512_or_si512(words[0], _mm512_slli_epi64::<52>(words[1])),
            _mm512_or_si512(_mm512_srli_epi64::<12>(words[1]), _mm512_slli_epi64::<40>(words[2])),
            _mm512_or_si512(_mm512_srli_epi64::<24>(words[2]), _mm512_slli_epi64::<28>(words[3])),
            _mm512_or_si512(_mm512_srli_epi64::<36>(words[3]), _mm512_slli_epi64::<16>(words[4])),
        ];
        let mut rows = [[0u64; 8]; 4];
        for (row, word) in rows.iter_mut().zip(w) {
            _mm512_storeu_si512(row.as_mut_ptr().cast(), word);
        }
        for (i, out) in out[..8].iter_mut().enumerate() {
            *out = F::from(blst_fr { l: [rows[0][i], rows[1][i], rows[2][i], rows[3][i]] });
        }
    }
}

/// Moves what exceeds 52 bits to the next limb, with sign; the highest limb keeps its own.
#[inline(always)]
unsafe fn carry(mut x: [__m512i; LIMBS]) -> [__m512i; LIMBS] {
    let mask = all(MASK);
    for i in 0..LIMBS - 1 {
        x[i + 1] = _mm512_add_epi64(x[i + 1], _mm512_srai_epi64::<BITS>(x[i]));
        x[i] = _mm512_and_si512(x[i], mask);
    }
    x
}

impl Word for Eight {
    const WIDTH: usize = 8;
    const RAW_SCALE: u64 = RAW;

    #[inline(always)]
    unsafe fn splat(x: F) -> Self {
        Self::load(&[x; 8])
    }

    #[inline(always)]
    unsafe fn load(values: &[F]) -> Self {
        const TO_260: [u64; LIMBS] = split(power_of_two(264));
        Self::gather(values).mul(Self::constant(TO_260))
    }

    #[inline(always)]
    unsafe fn load_raw(values: &[F]) -> Self {
        Self::gather(values)
    }

    #[inline(always)]
    unsafe fn store(self, out: &mut [F]) {
        const TO_256: [u64; LIMBS] = split(power_of_two(256));
        let x = self.mul(Self::constant(TO_256));
        Self::write(Self::subtract_once(x.0, &P).0, out);
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        let mut sum = self.0;
        for i in 0..LIMBS {
            sum[i] = _mm512_add_epi64(sum[i], other.0[i]);
        }
        Self::subtract_once(sum, &TWO_P)
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        let mut difference = self.0;
        for i in 0..LIMBS {
            difference[i] = _mm512_add_epi64(_mm512_sub_epi64(difference[i], other.0[i]), all(TWO_P[i]));
        }
        Self::subtract_once(difference, &TWO_P)
    }

    /// Montgomery's product, one limb of `self` a step.
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        let (a, b) = (&self.0, &other.0);
        let zero = _mm512_setzero_si512();
        let inverse = all(P_INVERSE);
        // Products of the low halves and of the high halves are summed apart: shorter chains.
        let mut sum = [zero; LIMBS + 1];
        for i in 0..LIMBS {
            let mut high = [zero; LIMBS];
            for j in 0..LIMBS {
                sum[j] = _mm512_madd52lo_epu64(sum[j], a[i], b[j]);
                high[j] = _mm512_madd52hi_epu64(high[j], a[i], b[j]);
            }
            let m = _mm512_madd52lo_epu64(zero, sum[0], inverse);
            for j in 0..LIMBS {
                sum[j] = _mm512_madd52lo_epu64(sum[j], m, all(P[j]));
                high[j] = _mm512_madd52hi_epu64(high[j], m, all(P[j]));
            }
            // The lowest limb is now 0 mod 2^52: drop it.
            let carried = _mm512_srli_epi64::<BITS>(sum[0]);
            for j in 0..LIMBS {
                sum[j] = _mm512_add_epi64(sum[j + 1], high[j]);
            }
            sum[0] = _mm512_add_epi64(sum[0], carried);
            sum[LIMBS] = zero;
        }
        Eight(carry([sum[0], sum[1], sum[2], sum[3], sum[4]]))
    }

    #[inline(always)]
    unsafe fn transpose(words: &mut [Self]) {
        for limb in 0..LIMBS {
            let mut rows = [_mm512_setzero_si512(); 8];
            for i in 0..8 {
                rows[i] = words[i].0[limb];
            }
            let columns = transpose_8x8(rows);
            for i in 0..8 {
                words[i].0[limb] = columns[i];
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512ifma,avx512dq,avx512vl")]
    unsafe fn call<K: Kernel<Self>>(kernel: K) -> K::Output {
        kernel.run()
    }
}

/// Even and odd 128-bit lanes of two registers.
#[inline(always)]
unsafe fn shuffled(x: __m512i, y: __m512i) -> (__m512i, __m512i) {
    (_mm512_shuffle_i64x2::<0x88>(x, y), _mm512_shuffle_i64x2::<0xdd>(x, y))
}

#[inline(always)]
unsafe fn transpose_8x8(r: [__m512i; 8]) -> [__m512i; 8] {
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

/// 2^exponent mod p, by doubling.
const fn power_of_two(exponent: u32) -> [u64; 4] {
    let mut x = [1u64, 0, 0, 0];
    let mut step = 0;
    while step < exponent {
        x = reduced(doubled(x));
        step += 1;
    }
    x
}

/// x − p where x ≥ p, for x < 2p.
const fn reduced(x: [u64; 4]) -> [u64; 4] {
    let mut out = [0u64; 4];
    let mut borrow = 0u64;
    let mut i = 0;
    while i < 4 {
        let (d, b1) = x[i].overflowing_sub(MODULUS[i]);
        let (d, b2) = d.overflowing_sub(borrow);
        out[i] = d;
        borrow = (b1 | b2) as u64;
        i += 1;
    }
    if borrow == 1 {
        x
    } else {
        out
    }
}
