//! Inner products of int8 rows with field elements: q_k = ⟨c, Ĝ_k⟩ and the folded row Σ_k a_k Ĝ_k.
//!
//! Entries are shifted by 128 to be non-negative; field elements are taken as eight 32-bit limbs; sums of products of a limb
//! and a byte stay in 64 bits (2^32 · 2^8 · 2^19 cells) and are reduced once. The shift is taken off at the end.

use ff::Field;
use rayon::prelude::*;

use super::rows::Rows;
use crate::field::{self, F};

const LIMBS: usize = 8;
const SHIFT: i32 = 128;
const BLOCK: usize = 64;
const WIDTH: usize = 8;

fn limbs(x: &F) -> [u32; LIMBS] {
    let mut out = [0u32; LIMBS];
    for (pair, word) in out.chunks_mut(2).zip(field::to_montgomery(x)) {
        pair[0] = word as u32;
        pair[1] = (word >> 32) as u32;
    }
    out
}

fn shifted(g: i8) -> u32 {
    (i32::from(g) + SHIFT) as u32
}

fn shift_total<'a>(values: impl Iterator<Item = &'a F>) -> F {
    values.fold(F::ZERO, |a, b| a + b) * F::from(SHIFT as u64)
}

/// q_k = Σ c · Ĝ_k over the active cells of all lanes.
pub fn inner_products(rows: &Rows, c: &[Vec<F>]) -> Vec<F> {
    let zero = || vec![[0u64; LIMBS]; rows.count()];
    let sums = c.par_iter().enumerate().map(|(lane, c)| lane_products(rows, lane, c)).reduce(zero, |mut a, b| {
        a.iter_mut().flatten().zip(b.iter().flatten()).for_each(|(x, y)| *x += y);
        a
    });
    let shift: F = c.iter().map(|lane| shift_total(lane.iter())).sum();
    sums.iter().map(|sum| field::reduce_limbs32(sum) - shift).collect()
}

fn lane_products(rows: &Rows, lane: usize, c: &[F]) -> Vec<[u64; LIMBS]> {
    let mut sums = vec![[[0u64; WIDTH]; LIMBS]; rows.count()];
    let mut by_limb = [[0u32; BLOCK]; LIMBS];
    let mut bytes = [0u32; BLOCK];
    for (block, cells) in c.chunks(BLOCK).enumerate() {
        by_limb.iter_mut().for_each(|l| l.fill(0));
        for (i, cell) in cells.iter().enumerate() {
            limbs(cell).iter().enumerate().for_each(|(l, limb)| by_limb[l][i] = *limb);
        }
        for (k, sums) in sums.iter_mut().enumerate() {
            let row = &rows.lane(k, lane)[block * BLOCK..];
            bytes.iter_mut().zip(row).for_each(|(b, g)| *b = shifted(*g));
            for (sum, limb) in sums.iter_mut().zip(&by_limb) {
                for (limb, byte) in limb.chunks_exact(WIDTH).zip(bytes.chunks_exact(WIDTH)) {
                    for v in 0..WIDTH {
                        sum[v] += u64::from(limb[v]) * u64::from(byte[v]);
                    }
                }
            }
        }
    }
    sums.iter().map(|k| k.map(|lanes| lanes.iter().sum())).collect()
}

/// Σ_k weights_k Ĝ_k on one lane.
pub fn folded_lane(rows: &Rows, lane: usize, weights: &[F]) -> Vec<F> {
    let weight_limbs: Vec<[u32; LIMBS]> = weights.iter().map(limbs).collect();
    let shift = shift_total(weights.iter());
    let cells = rows.lane(0, lane).len();
    let mut out = Vec::with_capacity(cells);
    for start in (0..cells).step_by(WIDTH) {
        let width = WIDTH.min(cells - start);
        let mut sums = [[0u64; WIDTH]; LIMBS];
        for (k, weight) in weight_limbs.iter().enumerate() {
            let mut bytes = [0u64; WIDTH];
            bytes.iter_mut().zip(&rows.lane(k, lane)[start..start + width]).for_each(|(b, g)| *b = shifted(*g).into());
            for (sum, limb) in sums.iter_mut().zip(weight) {
                for v in 0..WIDTH {
                    sum[v] += u64::from(*limb) * bytes[v];
                }
            }
        }
        out.extend((0..width).map(|v| field::reduce_limbs32(&std::array::from_fn(|l| sums[l][v])) - shift));
    }
    out
}

/// Σ_k weights_k blinding_k on one lane: the blinding rows of the folded row. `blinding` is by row, then lane.
pub fn folded_blinding(blinding: &[Vec<Vec<F>>], lane: usize, weights: &[F], count: usize) -> Vec<F> {
    (0..count).map(|b| blinding.iter().zip(weights).map(|(row, weight)| row[lane][b] * weight).sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn fast_paths_equal_the_definition(active in 1usize..150, count in 1usize..20, seed in any::<u64>()) {
            use rand::{Rng, SeedableRng};
            let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
            let lanes = 3;
            let cells: Vec<i8> = (0..count * lanes * active).map(|_| rng.gen()).collect();
            let rows = Rows::from_cells(lanes, active, count, cells);
            let c: Vec<Vec<F>> = (0..lanes).map(|_| (0..active).map(|_| F::random(&mut rng)).collect()).collect();
            let weights: Vec<F> = (0..count).map(|_| F::random(&mut rng)).collect();
            let q = inner_products(&rows, &c);
            for k in 0..count {
                let want = (0..lanes).flat_map(|l| rows.lane(k, l).iter().zip(&c[l])).fold(F::ZERO, |a, (g, c)| a + *c * field::fi((*g).into()));
                prop_assert_eq!(q[k], want);
            }
            for lane in 0..lanes {
                let got = folded_lane(&rows, lane, &weights);
                for (i, got) in got.iter().enumerate() {
                    let want = (0..count).fold(F::ZERO, |a, k| a + weights[k] * field::fi(rows.lane(k, lane)[i].into()));
                    prop_assert_eq!(*got, want);
                }
            }
        }
    }
}
