//! The multi-opening of Halo 2 (see "Multipoint opening argument" in the Halo 2 book), from columns in Lagrange form.

use midnight_curves::G1Projective;
use midnight_proofs::poly::{EvaluationDomain, Rotation};
use midnight_proofs::transcript::Transcript;
use midnight_proofs::utils::arithmetic::kate_division;

use super::engine::Engine;
use super::prove::{evaluate, fault};
use super::queries::{PointSet, Source};
use crate::error::Result;
use crate::field::{self, F};
use crate::plonk::transcript::InnerTranscript;

/// The opened polynomials: values of columns, coefficients of the rest.
pub(super) struct Parts<'a> {
    pub quotient: &'a [F],
    pub random: &'a [F],
    pub lagrange: &'a dyn Fn(Source) -> Option<&'a [F]>,
}

/// Writes f, the values q_i(x3) and the witness π.
pub(super) fn open(
    engine: &dyn Engine,
    domain: &EvaluationDomain<F>,
    sets: &[PointSet],
    parts: &Parts,
    x: F,
    commit: &dyn Fn(&[F]) -> G1Projective,
    transcript: &mut InnerTranscript,
) -> Result<()> {
    let (x1, x2): (F, F) = (transcript.squeeze_challenge(), transcript.squeeze_challenge());
    let q: Vec<Vec<F>> = sets.iter().map(|set| combined(engine, domain, &set.sources, parts, x1)).collect();
    let divided = |(q, set): (&Vec<F>, &PointSet)| {
        let points = set.rotations.iter().map(|at| domain.rotate_omega(x, Rotation(*at)));
        points.fold(q.clone(), |poly, point| kate_division(&poly, point))
    };
    let f = weighted(q.iter().zip(sets).map(divided), x2, 1 << domain.k());
    transcript.write(&commit(&f)).map_err(fault)?;

    let x3: F = transcript.squeeze_challenge();
    for q in &q {
        transcript.write(&evaluate(q, x3)).map_err(fault)?;
    }
    let x4: F = transcript.squeeze_challenge();
    let mut last = weighted(q.into_iter().chain([f]), x4, 1 << domain.k());
    let value = evaluate(&last, x3);
    last[0] -= value;
    transcript.write(&commit(&kate_division(&last, x3))).map_err(fault)
}

/// Σ_i x1^i·poly_i in coefficients, with one inverse transform for all columns.
fn combined(engine: &dyn Engine, domain: &EvaluationDomain<F>, sources: &[Source], parts: &Parts, x1: F) -> Vec<F> {
    let powers = field::powers(x1, sources.len());
    let (mut factors, mut columns, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for (source, power) in sources.iter().zip(&powers) {
        match ((parts.lagrange)(*source), source) {
            (Some(column), _) => {
                factors.push(*power);
                columns.push(column);
            }
            (None, Source::Quotient) => rest.push((*power, parts.quotient)),
            (None, _) => rest.push((*power, parts.random)),
        }
    }
    let values = engine.combine(&factors, &columns);
    let mut out = domain.lagrange_to_coeff(domain.lagrange_from_vec(values)).to_vec();
    for (power, poly) in rest {
        out.iter_mut().zip(poly).for_each(|(sum, value)| *sum += power * value);
    }
    out
}

/// Σ_i x^i·poly_i, of `size` coefficients.
fn weighted(polys: impl Iterator<Item = Vec<F>>, x: F, size: usize) -> Vec<F> {
    let (mut out, mut power) = (vec![F::default(); size], F::from(1));
    for poly in polys {
        out.iter_mut().zip(&poly).for_each(|(sum, value)| *sum += power * value);
        power *= x;
    }
    out
}
