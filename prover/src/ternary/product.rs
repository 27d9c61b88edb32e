//! The integer matrix product t_jk = ⟨b_j, row_k⟩ of ternary projections with rows of int8.
//!
//! Cells are cut into blocks that stay in the first-level cache. In a block, b_j is written as bytes 1 + b in {0, 1, 2}, so
//! that unsigned times signed byte products apply; the surplus Σ row_k is taken off at the end. A lane's sums stay in i32
//! (2^20 cells · 2 · 2^7), totals over lanes are i64. AVX2 is used where the machine has it; the portable twin is equal.

use rayon::prelude::*;

use super::{Cell, Ternary, BYTES};
use crate::chunk::Rows;

/// Cells of a block: 48 steps of 32, so that 16-bit sums of pairs stay below 48 · 2 · 2 · 128 = 24,576.
const BLOCK: usize = 1536;
const STEP: usize = 32;
/// Projections of one pass over a block; all 128 bits of a cell are expanded, those beyond `projections` are dropped.
const BITS: usize = 8 * BYTES;

type Kernel = fn(&Block, &mut [i32]);

/// One block of b and of the rows, padded with zero cells to whole steps.
struct Block {
    /// 1 + b_j, by projection then cell.
    ternary: Vec<u8>,
    /// Rows, padded with zero rows to an even count.
    rows: Vec<i8>,
    projections: usize,
    count: usize,
    cells: usize,
}

impl Ternary {
    /// t_jk = Σ b_j · row_k over the active cells of all lanes, by projection and then row.
    pub fn product(&self, rows: &Rows) -> Vec<i64> {
        self.product_by(rows, fastest())
    }

    fn product_by(&self, rows: &Rows, kernel: Kernel) -> Vec<i64> {
        let count = rows.count();
        let zero = || vec![0i64; self.projections * count];
        let add = |mut a: Vec<i64>, b: Vec<i64>| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        };
        self.lanes
            .par_iter()
            .enumerate()
            .map(|(lane, cells)| self.lane_product(cells, rows, lane, kernel))
            .reduce(zero, add)
    }

    fn lane_product(&self, cells: &[Cell], rows: &Rows, lane: usize, kernel: Kernel) -> Vec<i64> {
        let mut block = Block::new(self.projections, rows.count());
        let mut sums = vec![0i32; block.projections * block.count];
        let mut surplus = vec![0i64; rows.count()];
        for start in (0..cells.len()).step_by(BLOCK) {
            let end = cells.len().min(start + BLOCK);
            block.fill_ternary(&cells[start..end]);
            for (k, surplus) in surplus.iter_mut().enumerate() {
                *surplus += block.fill_row(k, &rows.lane(k, lane)[start..end]);
            }
            kernel(&block, &mut sums);
        }
        let entry = |j: usize, k: usize| i64::from(sums[j * block.count + k]) - surplus[k];
        (0..self.projections).flat_map(|j| (0..rows.count()).map(move |k| (j, k))).map(|(j, k)| entry(j, k)).collect()
    }
}

impl Block {
    fn new(projections: usize, rows: usize) -> Self {
        let (projections, count) = (projections.next_multiple_of(4), rows.next_multiple_of(2));
        Block { ternary: vec![0; BITS * BLOCK], rows: vec![0; count * BLOCK], projections, count, cells: 0 }
    }

    fn steps(&self) -> usize {
        self.cells.div_ceil(STEP)
    }

    /// Transposes eight cells at a time from bits of one cell to bytes of one projection.
    fn fill_ternary(&mut self, cells: &[Cell]) {
        self.cells = cells.len();
        for (group, cells) in cells.chunks(8).enumerate() {
            for byte in 0..BYTES {
                let plane = |half: usize| {
                    let mut bytes = [0u8; 8];
                    bytes.iter_mut().zip(cells).for_each(|(out, cell)| *out = cell[half][byte]);
                    transpose(u64::from_le_bytes(bytes)).to_le_bytes()
                };
                let (plus, minus) = (plane(0), plane(1));
                for bit in 0..8 {
                    let value = 0x0101_0101_0101_0101 + spread(plus[bit]) - spread(minus[bit]);
                    self.ternary[(8 * byte + bit) * BLOCK + 8 * group..][..8].copy_from_slice(&value.to_le_bytes());
                }
            }
        }
    }

    /// Copies a row's part and returns its sum; what lies behind it in the last step is zero.
    fn fill_row(&mut self, k: usize, part: &[i8]) -> i64 {
        let padded = self.steps() * STEP;
        let row = &mut self.rows[k * BLOCK..k * BLOCK + padded];
        row[..part.len()].copy_from_slice(part);
        row[part.len()..].fill(0);
        part.iter().map(|g| i64::from(*g)).sum()
    }
}

/// Bits of an 8 × 8 matrix, one byte a row, transposed.
fn transpose(mut x: u64) -> u64 {
    for (shift, mask) in [(7, 0x00AA_00AA_00AA_00AA), (14, 0x0000_CCCC_0000_CCCC), (28, 0x0000_0000_F0F0_F0F0)] {
        let t = (x ^ (x >> shift)) & mask;
        x ^= t ^ (t << shift);
    }
    x
}

/// Bit i of a byte as byte i of a word.
fn spread(byte: u8) -> u64 {
    const TABLE: [u64; 256] = {
        let mut table = [0u64; 256];
        let mut x = 0;
        while x < 256 {
            let mut bit = 0;
            while bit < 8 {
                table[x] |= ((x as u64 >> bit) & 1) << (8 * bit);
                bit += 1;
            }
            x += 1;
        }
        table
    };
    TABLE[usize::from(byte)]
}

/// The fastest kernel of this machine.
fn fastest() -> Kernel {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        return avx2;
    }
    portable
}

fn portable(block: &Block, sums: &mut [i32]) {
    let cells = block.cells;
    for j in 0..block.projections {
        let ternary = &block.ternary[j * BLOCK..j * BLOCK + cells];
        for k in 0..block.count {
            let row = &block.rows[k * BLOCK..k * BLOCK + cells];
            sums[j * block.count + k] +=
                ternary.iter().zip(row).map(|(b, g)| i32::from(*b) * i32::from(*g)).sum::<i32>();
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn avx2(block: &Block, sums: &mut [i32]) {
    assert!(block.projections.is_multiple_of(4) && block.count.is_multiple_of(2) && block.steps() * STEP <= BLOCK);
    assert!(block.ternary.len() >= block.projections * BLOCK && block.rows.len() == block.count * BLOCK);
    assert!(sums.len() == block.projections * block.count);
    // SAFETY: only `fastest` hands out this function, after it has seen that the machine has AVX2; the sizes that the
    // kernel reads and writes were checked above.
    unsafe { avx2_kernel(block, sums) }
}

/// Four projections by two rows at a time: eight accumulators of sixteen 16-bit sums.
///
/// # Safety
/// The machine has AVX2, and the sizes are those that [`avx2`] checks.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2_kernel(block: &Block, sums: &mut [i32]) {
    use std::arch::x86_64::*;
    let (ternary, rows, ones) = (block.ternary.as_ptr(), block.rows.as_ptr(), _mm256_set1_epi16(1));
    for j in (0..block.projections).step_by(4) {
        for k in (0..block.count).step_by(2) {
            let mut acc = [[_mm256_setzero_si256(); 2]; 4];
            for at in (0..block.steps()).map(|step| step * STEP) {
                // SAFETY: 32 bytes from cell `at` of projections j..j+4 and rows k, k+1 lie in their vectors.
                let g = [0, 1].map(|r| unsafe { _mm256_loadu_si256(rows.add((k + r) * BLOCK + at).cast()) });
                for (projection, acc) in acc.iter_mut().enumerate() {
                    // SAFETY: as above.
                    let b = unsafe { _mm256_loadu_si256(ternary.add((j + projection) * BLOCK + at).cast()) };
                    for (acc, g) in acc.iter_mut().zip(g) {
                        *acc = _mm256_add_epi16(*acc, _mm256_maddubs_epi16(b, g));
                    }
                }
            }
            for (projection, acc) in acc.iter().enumerate() {
                for (row, acc) in acc.iter().enumerate() {
                    let wide = _mm256_madd_epi16(*acc, ones);
                    let half = _mm_add_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
                    let pair = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
                    let total = _mm_add_epi32(pair, _mm_shuffle_epi32(pair, 0xb1));
                    sums[(j + projection) * block.count + k + row] += _mm_cvtsi128_si32(total);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};

    /// The definition, entry by entry.
    fn slow(ternary: &Ternary, rows: &Rows) -> Vec<i64> {
        let bit = |cell: &Cell, half: usize, j: usize| i64::from(cell[half][j / 8] >> (j % 8) & 1);
        let lane = |l: usize, j: usize, k: usize| -> i64 {
            let cells = ternary.lanes[l].iter().zip(rows.lane(k, l));
            cells.map(|(c, g)| (bit(c, 0, j) - bit(c, 1, j)) * i64::from(*g)).sum()
        };
        let pairs = (0..ternary.projections).flat_map(|j| (0..rows.count()).map(move |k| (j, k)));
        pairs.map(|(j, k)| (0..rows.lanes()).map(|l| lane(l, j, k)).sum()).collect()
    }

    fn check(
        seed: u64,
        active: usize,
        count: usize,
        projections: usize,
        entry: impl Fn(&mut rand_chacha::ChaCha8Rng) -> i8,
    ) {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let lanes = 2;
        let cells: Vec<i8> = (0..count * lanes * active).map(|_| entry(&mut rng)).collect();
        let rows = Rows::from_cells(lanes, active, count, cells);
        let mut wide = [0u8; 64];
        rng.fill(&mut wide);
        let ternary = Ternary::expand(&wide, &vec![active; lanes], projections);
        let want = slow(&ternary, &rows);
        assert_eq!(ternary.product_by(&rows, portable), want);
        assert_eq!(ternary.product(&rows), want);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn both_kernels_equal_the_definition(seed in any::<u64>(), active in 1usize..200, count in 1usize..8, projections in 1usize..=128) {
            check(seed, active, count, projections, |rng| rng.gen());
        }
    }

    #[test]
    fn blocks_and_extreme_entries() {
        for active in [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 33] {
            check(1, active, 3, 5, |rng| rng.gen());
            check(2, active, 2, 4, |_| -128);
            check(3, active, 1, 3, |_| 127);
        }
    }

    /// All entries of b equal 1 and all of the row −128: the largest 16-bit sums that a block can make.
    #[test]
    fn sums_of_a_full_block_do_not_saturate() {
        let cell: Cell = [[0xff; BYTES], [0; BYTES]];
        let ternary = Ternary { projections: 4, lanes: vec![vec![cell; 2 * BLOCK]] };
        let rows = Rows::from_cells(1, 2 * BLOCK, 1, vec![-128; 2 * BLOCK]);
        assert_eq!(ternary.product(&rows), [-128 * 2 * BLOCK as i64; 4]);
        assert_eq!(ternary.product_by(&rows, portable), [-128 * 2 * BLOCK as i64; 4]);
    }
}
