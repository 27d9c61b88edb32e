use ff::Field;
use group::Group;
use midnight_curves::G1Projective;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::commit::point::{self, from_affine};
use crate::field::fi;
use crate::vector;

fn points(count: usize, seed: u64) -> Vec<G1Projective> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..count).map(|_| G1Projective::random(&mut rng)).collect()
}

fn wide(points: &[G1Projective]) -> Vec<WidePoint> {
    point::to_affine(points).iter().map(|p| WidePoint::new(p).unwrap()).collect()
}

fn naive(points: &[G1Projective], scalars: &[F]) -> G1Projective {
    points.iter().zip(scalars).map(|(p, s)| *p * s).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn field_elements(count in 1usize..200, seed in any::<u64>()) {
        prop_assume!(vector::wide());
        let (points, mut rng) = (points(count, seed), ChaCha20Rng::seed_from_u64(seed));
        let scalars: Vec<F> = (0..count).map(|_| match rng.gen_range(0..6) {
            0 => F::ZERO, 1 => -F::ONE, 2 => F::ONE, _ => F::random(&mut rng),
        }).collect();
        prop_assert_eq!(full(&wide(&points), &scalars, rng.gen()), naive(&points, &scalars));
    }

    #[test]
    fn integers(count in 1usize..200, bits in 1usize..=64, seed in any::<u64>()) {
        prop_assume!(vector::wide());
        let (points, mut rng) = (points(count, seed), ChaCha20Rng::seed_from_u64(seed));
        let (low, high) = (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits));
        let values: Vec<i64> = (0..count).map(|_| match rng.gen_range(0..5) {
            0 => low, 1 => high, 2 => 0, _ => rng.gen_range(low..=high),
        }).collect();
        let scalars: Vec<F> = values.iter().map(|v| fi((*v).into())).collect();
        prop_assert_eq!(signed(&wide(&points), &values, bits), naive(&points, &scalars));
    }

    /// Equal and opposite points meet in one bucket: the other formulas, and sums at infinity.
    #[test]
    fn related_points(count in 16usize..300, kinds in 1usize..4, seed in any::<u64>()) {
        prop_assume!(vector::wide());
        let (few, mut rng) = (points(kinds, seed), ChaCha20Rng::seed_from_u64(seed));
        let points: Vec<G1Projective> = (0..count).map(|_| few[rng.gen_range(0..kinds)] * if rng.gen() { F::ONE } else { -F::ONE }).collect();
        let values: Vec<i64> = (0..count).map(|_| rng.gen_range(-3..=3)).collect();
        let scalars: Vec<F> = values.iter().map(|v| fi((*v).into())).collect();
        prop_assert_eq!(signed(&wide(&points), &values, 3), naive(&points, &scalars));
    }
}

#[test]
fn points_come_back() {
    if !vector::wide() {
        return;
    }
    for p in point::to_affine(&points(5, 1)) {
        assert_eq!(from_affine(&WidePoint::new(&p).unwrap().affine()), from_affine(&p));
    }
    assert!(WidePoint::new(&point::to_affine(&[G1Projective::identity()])[0]).is_none());
    assert_eq!(full(&[], &[], false), G1Projective::identity());
}
