//! Random ternary projections R_j of a chunk's cells: expanded from a seed, applied to integers, and folded to field
//! elements by powers of a challenge.
//!
//! If a vector z over the field is not zero, ⟨R_j, z⟩ vanishes with probability at most ½ for each j, so 128 of them bind z = 0.
//! Twin: `reference_prover/ternary.py`; both read `vectors/ternary/`.

#[cfg(target_arch = "x86_64")]
mod keccak;
mod product;
#[cfg(target_arch = "x86_64")]
mod wide;

use ff::Field;
use rayon::prelude::*;
use sha3::digest::{ExtendableOutput, Update, XofReader};

use crate::error::{Error, Result};
use crate::field::{self, F};

const DOMAIN: &[u8] = b"zkapex/ternary/1";
/// Projections that one cell's 32 bytes can carry.
pub const MAX_PROJECTIONS: usize = 128;
const BYTES: usize = 16;
const HALVES: usize = 2;

/// Two bit vectors of one cell: R_j = bit j of the first less bit j of the second.
pub type Cell = [[u8; BYTES]; HALVES];

/// R over lanes of cells; lane l holds `cells[l]`.
pub struct Ternary {
    projections: usize,
    lanes: Vec<Vec<Cell>>,
}

impl Ternary {
    /// Expands `seed` into the cells of each lane with SHAKE-256, one stream a lane.
    ///
    /// `lane_cells[l]` is the number of cells of lane l; `projections` ≤ 128.
    pub fn expand(seed: &[u8; 64], lane_cells: &[usize], projections: usize) -> Self {
        debug_assert!(projections <= MAX_PROJECTIONS);
        let mut lanes: Vec<Vec<Cell>> = lane_cells.iter().map(|cells| vec![Cell::default(); *cells]).collect();
        let groups = lanes.par_chunks_mut(TOGETHER).enumerate();
        groups.for_each(|(group, lanes)| expand_lanes(seed, group * TOGETHER, lanes));
        Ternary { projections, lanes }
    }

    /// c = Σ_j η^j R_j for every cell, lane by lane.
    pub fn combine(&self, eta: F) -> Vec<Vec<F>> {
        self.combine_scaled(eta, &vec![F::ONE; self.lanes.len()])
    }

    /// [`Self::combine`], each lane times its factor; there are as many factors as lanes.
    pub fn combine_scaled(&self, eta: F, factors: &[F]) -> Vec<Vec<F>> {
        debug_assert_eq!(factors.len(), self.lanes.len());
        let powers = field::powers(eta, self.projections);
        let lanes = self.lanes.par_iter().zip(factors);
        #[cfg(target_arch = "x86_64")]
        if crate::vector::wide() {
            let tables = wide::Tables::new(&powers);
            return lanes.map(|(lane, factor)| tables.combine(lane, *factor)).collect();
        }
        combine_portable(&combine_tables(&powers), lanes)
    }

    /// p_j = Σ_cells R_j · value for every j, exact integers.
    ///
    /// # Errors
    /// `Error::Input` where the values are so large that an i64 sum could wrap.
    pub fn project(&self, values: &[&[i64]]) -> Result<Vec<i64>> {
        self.check_no_wrap(values)?;
        let partial: Vec<Vec<i64>> = self
            .lanes
            .par_iter()
            .zip(values)
            .map(|(cells, values)| project_lane(cells, values, self.projections))
            .collect();
        Ok((0..self.projections).map(|j| partial.iter().map(|lane| lane[j]).sum()).collect())
    }

    fn check_no_wrap(&self, values: &[&[i64]]) -> Result<()> {
        let mut total: u128 = 0;
        for (lane, values) in self.lanes.iter().zip(values) {
            if lane.len() != values.len() {
                return Err(Error::internal("a lane of the projection has another length than its values"));
            }
            total += values.iter().map(|v| u128::from(v.unsigned_abs())).sum::<u128>();
        }
        // Buckets and both halves add each value at most twice.
        if total >= 1 << 61 {
            return Err(Error::input("the values are too large to project: the sum of their magnitudes reaches 2^61")
                .with_value(total));
        }
        Ok(())
    }
}

/// Lanes that one call expands.
const TOGETHER: usize = 8;

/// Fills lanes from `first` on.
fn expand_lanes(seed: &[u8; 64], first: usize, lanes: &mut [Vec<Cell>]) {
    #[cfg(target_arch = "x86_64")]
    if keccak::available() && lanes.len() > 2 {
        let messages = std::array::from_fn(|i| message(seed, first + i));
        // Streams that no lane wants write nothing.
        let mut slices = lanes.iter_mut().map(|lane| lane.as_flattened_mut().as_flattened_mut());
        keccak::shake256(&messages, &mut std::array::from_fn(|_| slices.next().unwrap_or_default()));
        return;
    }
    for (index, lane) in lanes.iter_mut().enumerate() {
        let mut xof = sha3::Shake256::default();
        xof.update(&message(seed, first + index));
        // 136-byte blocks come fastest through one large read.
        xof.finalize_xof().read(lane.as_flattened_mut().as_flattened_mut());
    }
}

/// What SHAKE-256 absorbs for a lane.
fn message(seed: &[u8; 64], lane: usize) -> Vec<u8> {
    [DOMAIN, seed, &(lane as u64).to_le_bytes()].concat()
}

fn combine_portable<'a>(
    tables: &[[u64; 4]],
    lanes: impl IndexedParallelIterator<Item = (&'a Vec<Cell>, &'a F)>,
) -> Vec<Vec<F>> {
    lanes.map(|(lane, factor)| lane.iter().map(|cell| combine_cell(tables, cell) * factor).collect()).collect()
}

/// For each of the 32 bytes of a cell, the field sums of the 256 values of that byte; the second half is negated.
fn combine_tables(eta_powers: &[F]) -> Vec<[u64; 4]> {
    let mut tables = vec![[0u64; 4]; HALVES * BYTES * 256];
    for byte in 0..BYTES {
        let mut sums = vec![F::ZERO; 256];
        for x in 1..256usize {
            let high = x.ilog2() as usize;
            let power = eta_powers.get(8 * byte + high).copied().unwrap_or(F::ZERO);
            sums[x] = sums[x ^ (1 << high)] + power;
        }
        for x in 0..256 {
            tables[byte * 256 + x] = field::to_montgomery(&sums[x]);
            tables[(BYTES + byte) * 256 + x] = field::to_montgomery(&-sums[x]);
        }
    }
    tables
}

fn combine_cell(tables: &[[u64; 4]], cell: &Cell) -> F {
    let mut sum = [0u64; 5];
    for (index, byte) in cell.as_flattened().iter().enumerate() {
        field::add_limbs(&mut sum, &tables[index * 256 + *byte as usize]);
    }
    field::reduce5(sum)
}

/// Bucket by byte value, then each bit's sum is the sum of the buckets that hold it: 32 additions a cell, not 128.
fn project_lane(cells: &[Cell], values: &[i64], projections: usize) -> Vec<i64> {
    let mut buckets = vec![0i64; HALVES * BYTES * 256];
    for (cell, value) in cells.iter().zip(values) {
        for (index, byte) in cell.as_flattened().iter().enumerate() {
            buckets[index * 256 + *byte as usize] += value;
        }
    }
    let bit_sum = |half: usize, j: usize| -> i64 {
        let start = (half * BYTES + j / 8) * 256;
        (0..256).filter(|x| x >> (j % 8) & 1 == 1).map(|x| buckets[start + x]).sum()
    };
    (0..projections).map(|j| bit_sum(0, j) - bit_sum(1, j)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(cell: &Cell, j: usize) -> i64 {
        let bit = |half: usize| i64::from(cell[half][j / 8] >> (j % 8) & 1);
        bit(0) - bit(1)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn fast_paths_equal_the_definition(seed in prop::array::uniform32(any::<u8>()), projections in 1usize..=128,
                                           values in prop::collection::vec(-(1i64 << 40)..(1i64 << 40), 1..40), eta in any::<u64>()) {
            let mut wide = [7u8; 64];
            wide[..32].copy_from_slice(&seed);
            let ternary = Ternary::expand(&wide, &[values.len(), 3], projections);
            let lanes: [&[i64]; 2] = [&values, &[1, -2, 3]];
            let got = ternary.project(&lanes).unwrap();
            let combined = ternary.combine(F::from(eta));
            let powers = field::powers(F::from(eta), projections);
            for j in 0..projections {
                let want: i64 = (0..2).flat_map(|l| ternary.lanes[l].iter().zip(lanes[l])).map(|(c, v)| entry(c, j) * v).sum();
                prop_assert_eq!(got[j], want);
            }
            for (lane, cells) in ternary.lanes.iter().enumerate() {
                for (i, cell) in cells.iter().enumerate() {
                    let want = (0..projections).fold(F::ZERO, |a, j| a + powers[j] * field::fi(entry(cell, j) as i128));
                    prop_assert_eq!(combined[lane][i], want);
                }
            }
        }
    }

    /// Both ways to expand and to combine.
    #[test]
    fn lanes_do_not_depend_on_the_processor() {
        use rand::SeedableRng;
        let (mut rng, cells) =
            (rand_chacha::ChaCha20Rng::seed_from_u64(6), [300, 300, 1, 0, 127, 128, 129, 300, 300, 7, 8]);
        let (seed, eta) = ([7; 64], F::random(&mut rng));
        let mut ternary = Ternary::expand(&seed, &cells, 128);
        for (lane, cells) in ternary.lanes.iter().enumerate() {
            let mut alone = vec![vec![Cell::default(); cells.len()]];
            expand_lanes(&seed, lane, &mut alone);
            assert_eq!(alone[0], *cells);
        }
        // The extremes of the sums: all bits of one half.
        ternary.lanes[0][0] = [[0xff; BYTES], [0; BYTES]];
        ternary.lanes[0][1] = [[0; BYTES], [0xff; BYTES]];
        for (projections, eta) in [(128, eta), (128, -F::ONE), (128, F::ONE), (5, eta), (128, F::ZERO)] {
            ternary.projections = projections;
            let factors: Vec<F> = cells.iter().map(|_| F::random(&mut rng)).collect();
            let tables = combine_tables(&field::powers(eta, projections));
            let want = combine_portable(&tables, ternary.lanes.par_iter().zip(&factors));
            assert_eq!(ternary.combine_scaled(eta, &factors), want);
        }
    }

    #[test]
    fn values_that_could_wrap_are_refused() {
        let ternary = Ternary::expand(&[0; 64], &[4], 128);
        assert!(ternary.project(&[&[1 << 58; 4]]).is_ok());
        assert!(ternary.project(&[&[1 << 59; 4]]).is_err());
        assert!(ternary.project(&[&[1; 3]]).is_err());
    }
}
