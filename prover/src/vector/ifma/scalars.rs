//! Eight elements of the scalar field, in five limbs each.
//!
//! Elements are kept below 2p: with 4p < 2^257, the product of two elements below 4p, divided by R = 2^260, is below 1.5p.

use std::arch::x86_64::*;

use super::super::{Kernel, Word};
use super::{all, carry, product, transpose_8x8, MASK};
use crate::field::{self, F, MODULUS};
use blst::blst_fr;

const LIMBS: usize = 5;

/// See the module. Limb-major: limb i of all eight elements is one register.
#[derive(Clone, Copy)]
pub(crate) struct Eight([__m512i; LIMBS]);

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

    /// Sums of Montgomery forms of R = 2^256 below 2^260, limb by limb; divided by `RAW_SCALE`. Only a product may
    /// follow: with an element below 2p it is below 3p, which products and `store` take.
    #[inline(always)]
    pub(crate) unsafe fn from_limbs(limbs: [__m512i; LIMBS]) -> Self {
        Eight(limbs)
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

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Eight(product(&self.0, &other.0, &P, P_INVERSE))
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
