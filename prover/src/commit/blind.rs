//! Fast commitments to blinding rows: full field elements on a few fixed bases.
//!
//! Each scalar is written in 32 signed digits, −127 … 128 in base 256, and the table holds the 128 multiples of every
//! base·256^w. A commitment then is a sum of table entries, with no doubling.

use blst::blst_p1_affine;
use group::Group;
use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::wide::{self, WidePoint};
use super::{msm, point};
use crate::field::{self, F};
use crate::vector;

const WINDOWS: usize = 32;
/// Multiples 1 … 128 of each base.
const MULTIPLES: usize = 128;

/// Multiples of the bases of the blinding rows: 12 KiB · 32 a row, or 16 KiB · 32 for vector kernels.
pub(super) enum BlindTable {
    Narrow(Vec<blst_p1_affine>),
    Wide(Vec<WidePoint>),
}

impl BlindTable {
    /// The table of `bases`; 4,096 additions a base.
    pub(super) fn new(bases: &[blst_p1_affine]) -> Self {
        let entries = bases.par_iter().flat_map_iter(|base| multiples(point::from_affine(base)));
        if vector::wide() {
            // None of the multiples is infinite, so that none is left out.
            return BlindTable::Wide(entries.filter_map(|point| WidePoint::new(&point)).collect());
        }
        BlindTable::Narrow(entries.collect())
    }

    fn len(&self) -> usize {
        match self {
            BlindTable::Narrow(entries) => entries.len(),
            BlindTable::Wide(entries) => entries.len(),
        }
    }

    /// Σ x_i·base_i for at most as many scalars as there are bases.
    pub(super) fn commit(&self, scalars: &[F]) -> G1Projective {
        debug_assert!(scalars.len() * WINDOWS * MULTIPLES <= self.len());
        let rows = scalars.iter().flat_map(digits).enumerate().filter(|(_, digit)| *digit != 0);
        // Which entry, and whether its negative.
        let terms = rows.map(|(row, digit)| (row * MULTIPLES + usize::from(digit.unsigned_abs()) - 1, digit < 0));
        match self {
            BlindTable::Wide(entries) => wide::sum(entries, terms),
            BlindTable::Narrow(entries) => {
                let points: Vec<blst_p1_affine> =
                    terms.map(|(i, negative)| if negative { point::negate(&entries[i]) } else { entries[i] }).collect();
                msm::sum(points.iter())
            }
        }
    }
}

/// base·256^w·m for every window w and multiple m.
fn multiples(mut base: G1Projective) -> Vec<blst_p1_affine> {
    let mut points = Vec::with_capacity(WINDOWS * MULTIPLES);
    for _ in 0..WINDOWS {
        let mut multiple = base;
        for _ in 0..MULTIPLES {
            points.push(multiple);
            multiple += base;
        }
        // The last multiple is 128·base.
        base = points[points.len() - 1].double();
    }
    point::to_affine(&points)
}

/// Signed digits d_w of x = Σ d_w 256^w. The highest byte of a canonical element is below 0x74, so no carry leaves it.
fn digits(x: &F) -> [i16; WINDOWS] {
    let mut carry = 0i16;
    field::to_le_bytes(x).map(|byte| {
        let digit = i16::from(byte) + carry;
        carry = i16::from(digit > MULTIPLES as i16);
        digit - 256 * carry
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::Field;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_rebuild_the_scalar(bytes in any::<[u8; 32]>(), extreme in 0u8..4) {
            let x = match extreme {
                0 => -F::ONE,
                1 => field::fi(0x8080_8080_8080_8080),
                _ => field::from_wide(&[bytes, bytes].concat().try_into().unwrap()),
            };
            let digits = digits(&x);
            prop_assert!(digits.iter().all(|d| (-127..=128).contains(d)));
            let value = digits.iter().rev().fold(F::ZERO, |a, d| a * F::from(256) + field::fi((*d).into()));
            prop_assert_eq!(value, x);
        }
    }

    #[test]
    fn table_commits_like_a_naive_sum() {
        let g = G1Projective::generator();
        let bases = [g, g * F::from(77), g * F::from(1 << 40)];
        let table = BlindTable::new(&point::to_affine(&bases));
        let cases = [vec![], vec![F::ZERO; 3], vec![-F::ONE, F::from(128), F::from(129)], vec![F::from(u64::MAX); 2]];
        for scalars in cases {
            let want: G1Projective = bases.iter().zip(&scalars).map(|(b, s)| *b * s).sum();
            assert_eq!(table.commit(&scalars), want);
        }
    }
}
