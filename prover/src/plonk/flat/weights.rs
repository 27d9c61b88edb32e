//! The Lagrange polynomials of the domain at one point.

use ff::Field;
use group::ff::BatchInvert;
use midnight_proofs::poly::{EvaluationDomain, Rotation};

use crate::field::{self, F};

/// The domain's elements, kept for many points.
pub(super) struct Weights {
    roots: Vec<F>,
    omega: F,
    omega_inverse: F,
    over_n: F,
}

impl Weights {
    pub(super) fn new(domain: &EvaluationDomain<F>) -> Self {
        let n = 1usize << domain.k();
        let (omega, one) = (domain.get_omega(), F::ONE);
        Weights {
            roots: field::powers(omega, n),
            omega,
            omega_inverse: domain.rotate_omega(one, Rotation(-1)),
            over_n: F::from(n as u64).invert().unwrap_or(F::ZERO),
        }
    }

    /// L_i(x·ω^rotation) = (x^n − 1)/n · ω^i/(x·ω^rotation − ω^i) for the first `count` rows and further ones up to a whole
    /// word; None where x lies on the domain.
    pub(super) fn at(&self, x: F, rotation: i32, count: usize) -> Option<Vec<F>> {
        let n = self.roots.len();
        let step = if rotation < 0 { self.omega_inverse } else { self.omega };
        let point = x * step.pow([u64::from(rotation.unsigned_abs())]);
        let numerator = x.pow([n as u64]) - F::ONE;
        if numerator.is_zero_vartime() {
            return None;
        }
        let roots = &self.roots[..count.next_multiple_of(super::linear::MAX_WIDTH).min(n)];
        let mut out: Vec<F> = roots.iter().map(|root| point - root).collect();
        out.iter_mut().batch_invert();
        let common = numerator * self.over_n;
        out.iter_mut().zip(roots).for_each(|(l, root)| *l *= common * root);
        Some(out)
    }
}
