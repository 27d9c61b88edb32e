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

    #[test]
    fn lanes_with_common_scalars(lanes in 1usize..20, count in 1usize..30, seed in any::<u64>()) {
        prop_assume!(vector::wide());
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let points: Vec<Vec<G1Projective>> = (0..lanes).map(|_| points(count, rng.gen())).collect();
        let affine: Vec<Vec<_>> = points.iter().map(|lane| point::to_affine(lane)).collect();
        let slices: Vec<&[_]> = affine.iter().map(Vec::as_slice).collect();
        let mut scalars: Vec<F> = (0..count).map(|_| match rng.gen_range(0..6) {
            0 => F::ZERO, 1 => -F::ONE, 2 => F::ONE, _ => F::random(&mut rng),
        }).collect();
        scalars[0] = F::random(&mut rng);
        let want: Vec<G1Projective> = points.iter().map(|lane| naive(lane, &scalars)).collect();
        prop_assert_eq!(fold_lanes(&slices, &scalars), Some(want));
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

/// Points that the formulas of [`fold_lanes`] cannot add are seen, and added otherwise.
#[test]
fn lanes_in_unusual_position() {
    let (p, mut rng) = (points(4, 7), ChaCha20Rng::seed_from_u64(8));
    let infinity = G1Projective::identity();
    let cases =
        [vec![p[0]; 4], vec![p[0], -p[0], p[1], p[2]], vec![p[0], infinity, p[1], p[2]], vec![infinity; 4], p.clone()];
    let random: Vec<F> = (0..4).map(|_| F::random(&mut rng)).collect();
    for scalars in [random, vec![F::ONE; 4], vec![F::ZERO; 4], vec![-F::ONE, F::ONE, fi(3), fi(-3)]] {
        let affine: Vec<Vec<_>> = cases.iter().map(|lane| point::to_affine(lane)).collect();
        let slices: Vec<&[_]> = affine.iter().map(Vec::as_slice).collect();
        let want: Vec<G1Projective> = cases.iter().map(|lane| naive(lane, &scalars)).collect();
        assert_eq!(crate::commit::fold_lanes(&slices, &scalars).unwrap(), want);
    }
    assert!(crate::commit::fold_lanes(&[&point::to_affine(&p)], &[F::ONE]).is_err());
}

/// `cargo test --release -- --ignored --nocapture folds_cost`: sixteen lanes of 72 points, both ways.
#[test]
#[ignore = "a measurement"]
fn folds_cost() {
    let micros = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
    };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let affine: Vec<Vec<_>> = (0..16).map(|lane| point::to_affine(&points(72, lane))).collect();
    let slices: Vec<&[_]> = affine.iter().map(Vec::as_slice).collect();
    let scalars: Vec<F> = (0..72).map(|_| F::random(&mut rng)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        let begun = micros();
        let together: Vec<_> = (0..20).map(|_| fold_lanes(&slices, &scalars).unwrap()).collect();
        let middle = micros();
        let apart: Vec<_> = (0..5)
            .map(|_| slices.iter().map(|p| crate::commit::fold(p, &scalars).unwrap()).collect::<Vec<_>>())
            .collect();
        println!("together {:.0} us, apart {:.0} us", (middle - begun) / 20.0, (micros() - middle) / 5.0);
        assert_eq!(together[0], apart[0]);
    });
}
