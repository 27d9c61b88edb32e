//! Every fast path against the naive sum Σ x_i·L_i.

use ff::Field;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use std::sync::{Arc, OnceLock};

use super::*;
use crate::field::fi;
use crate::srs::insecure;

const K: u32 = 7;
const N: usize = 1 << K;

fn srs() -> &'static Arc<Srs> {
    static SRS: OnceLock<Arc<Srs>> = OnceLock::new();
    SRS.get_or_init(|| Arc::new(insecure::generate(K).unwrap()))
}

fn committer() -> &'static Committer {
    static COMMITTER: OnceLock<Committer> = OnceLock::new();
    COMMITTER.get_or_init(|| Committer::new(srs().clone(), 100, 9).unwrap())
}

fn naive(cells: impl Iterator<Item = (usize, F)>) -> G1Projective {
    cells.map(|(row, x)| from_affine(&srs().g_lagrange[row]) * x).sum()
}

fn field_element() -> impl Strategy<Value = F> {
    let any_element = any::<[[u8; 32]; 2]>().prop_map(|b| crate::field::from_wide(&b.concat().try_into().unwrap()));
    prop_oneof![8 => any_element, 1 => Just(F::ZERO), 1 => Just(-F::ONE), 1 => Just(F::ONE)]
}

/// Integers of one random width up to `bits`, as columns have them.
fn integers(bits: u32, len: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<i64>> {
    (0..bits, prop::collection::vec(any::<i64>(), len))
        .prop_map(|(shift, v)| v.into_iter().map(|x| x >> shift).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn small_is_the_naive_sum(start in 0..20usize, values in integers(64, 0..=100usize)) {
        let want = naive(values.iter().enumerate().map(|(i, v)| (start + i, fi((*v).into()))));
        prop_assert_eq!(committer().small(start, &values).unwrap(), want);
    }

    #[test]
    fn int8_is_the_naive_sum(start in 0..20usize, values in prop::collection::vec(any::<i8>(), 0..=100), sparse in any::<bool>()) {
        let values: Vec<i8> = if sparse { values.iter().map(|v| if v % 3 == 0 { *v } else { 0 }).collect() } else { values };
        let want = naive(values.iter().enumerate().map(|(i, v)| (start + i, fi((*v).into()))));
        prop_assert_eq!(committer().int8(start, &values).unwrap(), want);
    }

    #[test]
    fn ones_may_repeat_rows(rows in prop::collection::vec(0..N, 0..60)) {
        prop_assert_eq!(committer().ones(&rows).unwrap(), naive(rows.iter().map(|r| (*r, F::ONE))));
    }

    #[test]
    fn gather_is_the_naive_sum(values in integers(64, 0..=50usize), rows in prop::collection::vec(0..N, 50)) {
        let cells: Vec<(usize, i64)> = rows.into_iter().zip(values).collect();
        prop_assert_eq!(committer().gather(&cells).unwrap(), naive(cells.iter().map(|(r, v)| (*r, fi((*v).into())))));
    }

    #[test]
    fn sparse_is_the_naive_sum(cells in prop::collection::vec((0..N, field_element()), 0..70)) {
        prop_assert_eq!(committer().sparse(&cells).unwrap(), naive(cells.iter().copied()));
    }

    #[test]
    fn full_column_and_its_parallel_twin(column in prop::collection::vec(field_element(), 0..=N)) {
        let want = naive(column.iter().copied().enumerate());
        prop_assert_eq!(committer().full_lagrange(&column).unwrap(), want);
        prop_assert_eq!(msm::full_parallel(srs().lagrange().first(column.len()), &column), want);
    }

    #[test]
    fn blind_is_the_naive_sum(values in prop::collection::vec(field_element(), 0..=9)) {
        let want = naive(values.iter().enumerate().map(|(i, x)| (100 + i, *x)));
        prop_assert_eq!(committer().blind(&values).unwrap(), want);
    }

    #[test]
    fn fold_is_the_naive_sum(scalars in prop::collection::vec(field_element(), 0..80)) {
        let points = &srs().g[..scalars.len()];
        let want: G1Projective = points.iter().zip(&scalars).map(|(p, s)| from_affine(p) * s).sum();
        prop_assert_eq!(fold(points, &scalars).unwrap(), want);
    }
}

#[test]
fn extreme_integers() {
    for values in [vec![i64::MIN; 3], vec![i64::MAX; 40], vec![i64::MIN, i64::MAX, -1, 0, 1], vec![-1; 33], vec![0; 5]]
    {
        let want = naive(values.iter().enumerate().map(|(i, v)| (i, fi((*v).into()))));
        assert_eq!(committer().small(0, &values).unwrap(), want, "{values:?}");
    }
    let want = naive((0..100).map(|i| (i, fi(-128))));
    assert_eq!(committer().int8(0, &[-128; 100]).unwrap(), want);
}

#[test]
fn repeated_and_opposite_points_do_not_break_folds() {
    let p = srs().g[1];
    let points = [vec![p; 40], vec![point::negate(&p); 40]].concat();
    let scalars: Vec<F> = (0..80).map(|i| fi(i % 7)).collect();
    let want: G1Projective = points.iter().zip(&scalars).map(|(p, s)| from_affine(p) * s).sum();
    assert_eq!(fold(&points, &scalars).unwrap(), want);
    assert_eq!(fold(&points, &[F::ONE; 80]).unwrap(), G1Projective::identity());
}

#[test]
fn rows_outside_the_domain_are_refused() {
    let c = committer();
    assert!(Committer::new(srs().clone(), N - 4, 5).is_err());
    assert!(Committer::new(srs().clone(), usize::MAX, 2).is_err());
    assert!(c.small(N - 2, &[1; 3]).is_err());
    assert!(c.small(usize::MAX, &[1; 3]).is_err());
    assert!(c.int8(N, &[1]).is_err());
    assert!(c.ones(&[0, N]).is_err());
    assert!(c.gather(&[(N, 1)]).is_err());
    assert!(c.sparse(&[(N, F::ONE)]).is_err());
    assert!(c.full_lagrange(&vec![F::ONE; N + 1]).is_err());
    assert!(c.blind(&[F::ONE; 10]).is_err());
    assert!(fold(&srs().g[..3], &[F::ONE; 2]).is_err());
}

/// Time on the processor of this thread.
fn cpu_micros() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}

/// `cargo test --release -- --ignored --nocapture multiplications_cost`: both ways in one run.
#[test]
#[ignore = "a measurement"]
fn multiplications_cost() {
    let srs = Arc::new(insecure::generate(12).unwrap());
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let full: Vec<F> = (0..4096).map(|_| F::random(&mut rng)).collect();
    let theta: Vec<i64> = (0..3984).map(|_| rng.gen_range(-6000..6000)).collect();
    let y: Vec<i64> = (0..3984).map(|_| rng.gen_range(-(1 << 24)..1 << 24)).collect();
    let bytes: Vec<i8> = (0..3984).map(|_| rng.gen()).collect();
    let rows = &srs.g_lagrange[..72];
    let small: Vec<i64> = bytes.iter().map(|v| i64::from(*v)).collect();
    let time = |name: &str, run: &dyn Fn(msm::Bases) -> G1Projective| {
        let narrow = msm::Bases::narrow(&srs.g_lagrange);
        let mut costs = Vec::new();
        for bases in [narrow, srs.lagrange()] {
            run(bases);
            let begun = cpu_micros();
            let sum: G1Projective = (0..20).map(|_| run(bases)).sum();
            assert!(!bool::from(sum.is_identity()));
            costs.push((cpu_micros() - begun) / 20.0);
        }
        println!("{name}: one at a time {:.0} us, eight at once {:.0} us", costs[0], costs[1]);
    };
    time("full 4096", &|b| msm::full(b, &full));
    time("theta", &|b| msm::signed(b.first(3984), &theta, msm::signed_bits(&theta)));
    time("y", &|b| msm::signed(b.first(3984), &y, msm::signed_bits(&y)));
    time("int8", &|b| msm::signed(b.first(3984), &small, 8));
    time("int8 as bytes", &|b| bytes_msm(b.first(3984), &bytes));
    time("fold of 72", &|b| {
        if b.wide.is_empty() {
            msm::full(msm::Bases::narrow(rows), &full[..72])
        } else {
            fold(rows, &full[..72]).unwrap()
        }
    });
}
