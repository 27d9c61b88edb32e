//! [`Ternary::combine`](super::Ternary::combine) with AVX-512: a Montgomery form is eight limbs of 32 bits in one register.
//!
//! Powers of the challenge are summed for each value of each byte of a cell; a cell adds the sums that its first half names
//! and takes away those of its second half. Sums of 32 such terms are below 16p in magnitude; eight cells together are then
//! brought to limbs of 52 bits and reduced.

#![allow(unsafe_op_in_unsafe_fn)]

use std::arch::x86_64::*;

use ff::Field;

use super::{Cell, BYTES};
use crate::field::{self, F, MODULUS};
use crate::vector::ifma::{transpose_8x8, Eight};
use crate::vector::{Kernel, Word};

/// Cells that are worked on together: their sums stay in the fastest cache beside the tables of [`AT_ONCE`] bytes.
const BLOCK: usize = 128;
/// Bytes of a half in one pass.
const AT_ONCE: usize = 2;
const LIMBS: usize = 8;

/// Limbs of 32 bits.
type Halves = [u32; LIMBS];

/// For each byte of a half, the sums of its 256 values.
pub(super) struct Tables(Vec<[Halves; 256]>);

impl Tables {
    pub(super) fn new(eta_powers: &[F]) -> Self {
        let table = |byte: usize| {
            let mut sums = [F::ZERO; 256];
            for x in 1..256usize {
                let high = x.ilog2() as usize;
                sums[x] = sums[x ^ (1 << high)] + eta_powers.get(8 * byte + high).copied().unwrap_or(F::ZERO);
            }
            sums.map(|sum| halves(field::to_montgomery(&sum)))
        };
        Tables((0..BYTES).map(table).collect())
    }

    /// scale·Σ_j η^j R_j for each cell.
    pub(super) fn combine(&self, cells: &[Cell], scale: F) -> Vec<F> {
        let mut out = vec![F::ZERO; cells.len().next_multiple_of(Eight::WIDTH)];
        // SAFETY: the callers ask `vector::wide`.
        unsafe { Eight::call(Combine { tables: &self.0, cells, scale, out: &mut out }) };
        out.truncate(cells.len());
        out
    }
}

fn halves(words: [u64; 4]) -> Halves {
    std::array::from_fn(|i| (words[i / 2] >> (32 * (i % 2))) as u32)
}

/// 16p, limb by limb: with it no sum is negative.
const OFFSET: [i64; LIMBS] = {
    let mut out = [0i64; LIMBS];
    let mut i = 0;
    while i < LIMBS {
        out[i] = ((MODULUS[i / 2] >> (32 * (i % 2)) & 0xffff_ffff) << 4) as i64;
        i += 1;
    }
    out
};

struct Combine<'a> {
    tables: &'a [[Halves; 256]],
    cells: &'a [Cell],
    scale: F,
    out: &'a mut [F],
}

impl Kernel<Eight> for Combine<'_> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let scale = Eight::splat(self.scale * F::from(Eight::RAW_SCALE));
        for (cells, out) in self.cells.chunks(BLOCK).zip(self.out.chunks_mut(BLOCK)) {
            let mut sums = [_mm512_loadu_si512(OFFSET.as_ptr().cast()); BLOCK];
            for (pass, tables) in self.tables.chunks_exact(AT_ONCE).enumerate() {
                for (sum, cell) in sums.iter_mut().zip(cells) {
                    let (mut plus, mut minus) = (*sum, _mm512_setzero_si512());
                    for i in 0..AT_ONCE {
                        let byte = pass * AT_ONCE + i;
                        plus = _mm512_add_epi64(plus, load(&tables[i], cell[0][byte]));
                        minus = _mm512_add_epi64(minus, load(&tables[i], cell[1][byte]));
                    }
                    *sum = _mm512_sub_epi64(plus, minus);
                }
            }
            for (sums, out) in sums.as_chunks::<8>().0.iter().zip(out.chunks_exact_mut(Eight::WIDTH)) {
                Eight::from_limbs(regrouped(transpose_8x8(*sums))).mul(scale).store(out);
            }
        }
    }
}

#[inline(always)]
unsafe fn load(table: &[Halves; 256], value: u8) -> __m512i {
    _mm512_cvtepu32_epi64(_mm256_loadu_si256(table[usize::from(value)].as_ptr().cast()))
}

/// Signed limbs of 32 bits to proper limbs of 52; the value lies in [0, 2^260).
#[inline(always)]
unsafe fn regrouped(mut w: [__m512i; LIMBS]) -> [__m512i; 5] {
    let low32 = _mm512_set1_epi64(0xffff_ffff);
    for i in 0..LIMBS - 1 {
        w[i + 1] = _mm512_add_epi64(w[i + 1], _mm512_srai_epi64::<32>(w[i]));
        w[i] = _mm512_and_si512(w[i], low32);
    }
    [
        _mm512_or_si512(w[0], _mm512_slli_epi64::<32>(low(w[1], 20))),
        _mm512_or_si512(
            _mm512_or_si512(_mm512_srli_epi64::<20>(w[1]), _mm512_slli_epi64::<12>(w[2])),
            _mm512_slli_epi64::<44>(low(w[3], 8)),
        ),
        _mm512_or_si512(_mm512_srli_epi64::<8>(w[3]), _mm512_slli_epi64::<24>(low(w[4], 28))),
        _mm512_or_si512(
            _mm512_or_si512(_mm512_srli_epi64::<28>(w[4]), _mm512_slli_epi64::<4>(w[5])),
            _mm512_slli_epi64::<36>(low(w[6], 16)),
        ),
        _mm512_or_si512(_mm512_srli_epi64::<16>(w[6]), _mm512_slli_epi64::<16>(w[7])),
    ]
}

#[inline(always)]
unsafe fn low(x: __m512i, bits: u32) -> __m512i {
    _mm512_and_si512(x, _mm512_set1_epi64((1 << bits) - 1))
}
