//! What is left of a proof when it has been read: one equation of pairings, and many of them at once.

use ff::{Field, PrimeField};
use midnight_curves::{Bls12, G1Projective};
use midnight_proofs::poly::kzg::msm::{DualMSM, MSMKZG};
use midnight_proofs::poly::kzg::params::ParamsVerifierKZG;
use rand::rngs::OsRng;
use rand::RngCore;

use crate::commit;
use crate::field::F;

/// e(left, \[τ\]) = e(right, \[1\]), both sides as sums of multiples of points.
#[derive(Clone, Debug)]
pub struct Opening {
    left: Vec<(F, G1Projective)>,
    right: Vec<(F, G1Projective)>,
    /// Multiples of the key's fixed commitments, on the right.
    pub(super) fixed: Vec<F>,
    /// Multiple of the generator, on the right.
    pub(super) generator: F,
}

impl Opening {
    /// The witness on the left, nothing on the right.
    pub(super) fn new(witness: G1Projective, fixed: usize) -> Self {
        Opening { left: vec![(F::ONE, witness)], right: Vec::new(), fixed: vec![F::ZERO; fixed], generator: F::ZERO }
    }

    /// As the library leaves it.
    pub(super) fn of_library(guard: &DualMSM<Bls12>) -> Self {
        let (left, right) = guard.split();
        let terms = |side: Vec<(_, &F, &G1Projective)>| side.into_iter().map(|(_, s, p)| (*s, *p)).collect();
        Opening { left: terms(left), right: terms(right), fixed: Vec::new(), generator: F::ZERO }
    }

    /// Adds to the right.
    pub(super) fn add(&mut self, factor: F, point: G1Projective) {
        self.right.push((factor, point));
    }
}

/// Whether all equations hold. Several are joined with coefficients of 128 bits from the system's generator, drawn now: a
/// false one passes with probability 2^-128.
pub(super) fn hold(params: &ParamsVerifierKZG<Bls12>, fixed: &[G1Projective], openings: &[&Opening]) -> bool {
    if openings.is_empty() {
        return true;
    }
    let (mut left, mut right, mut generator) = (Sum::default(), Sum::default(), F::ZERO);
    let mut of_fixed = vec![F::ZERO; fixed.len()];
    for opening in openings {
        let factor = if openings.len() == 1 { F::ONE } else { coefficient() };
        left.add(factor, &opening.left);
        right.add(factor, &opening.right);
        of_fixed.iter_mut().zip(&opening.fixed).for_each(|(sum, scalar)| *sum += factor * scalar);
        generator += factor * opening.generator;
    }
    right.add(F::ONE, &of_fixed.into_iter().zip(fixed.iter().copied()).collect::<Vec<_>>());
    right.add(generator, &[(F::ONE, group::Group::generator())]);
    let side = |sum: Sum| MSMKZG::from_base(&commit::multiply(&sum.points, &sum.scalars));
    DualMSM::new(side(left), side(right)).check(params)
}

fn coefficient() -> F {
    let mut bytes = [0u8; 16];
    OsRng.fill_bytes(&mut bytes);
    F::from_u128(u128::from_le_bytes(bytes))
}

#[derive(Default)]
struct Sum {
    scalars: Vec<F>,
    points: Vec<G1Projective>,
}

impl Sum {
    fn add(&mut self, factor: F, terms: &[(F, G1Projective)]) {
        self.scalars.extend(terms.iter().map(|(scalar, _)| factor * scalar));
        self.points.extend(terms.iter().map(|(_, point)| *point));
    }
}
