//! Checks of a reference string.

use std::collections::HashSet;

use blst::blst_p1_affine;
use group::{Curve, Group};
use midnight_curves::pairing::{MillerLoopResult, MultiMillerLoop};
use midnight_curves::{Bls12, G1Affine, G1Projective, G2Affine, G2Prepared, G2Projective};
use midnight_proofs::poly::EvaluationDomain;
use rand::rngs::OsRng;
use rand::RngCore;
use rayon::prelude::*;

use super::Points;
use crate::commit::msm::{self, Bases};
use crate::commit::{from_affine, point, uncompressed};
use crate::error::{Error, Result};
use crate::field::F;

fn refuse(field: &str, why: &str) -> Error {
    Error::input(format!("the reference string is not sound: {why}")).at_field(field)
}

/// All that can be checked of powers from outside: the subgroup of every point; e(g_(i+1), G2) = e(g_i, τ·G2) for all i at
/// once, by a random linear combination; τ neither 0 nor a root of unity of order up to 2^k.
pub(super) fn powers(points: &Points) -> Result<()> {
    subgroups(&points.g, "g1_monomial")?;
    generators(points)?;
    not_degenerate(points)?;
    consecutive_powers(points)
}

/// The Lagrange form belongs to the powers: subgroup of every point, and a random polynomial committed to in both forms.
///
/// Two exchanged points would move a selector to another row, and with it what the circuit asks there.
pub(super) fn lagrange(k: u32, points: &Points) -> Result<()> {
    subgroups(&points.g_lagrange, "g1_lagrange")?;
    if points.g_lagrange.par_iter().any(at_infinity) {
        return Err(refuse("g1_lagrange", "tau is a root of unity"));
    }
    lagrange_matches(k, points)
}

fn subgroups(points: &[blst_p1_affine], field: &str) -> Result<()> {
    match points.par_iter().position_first(|p| !point::in_subgroup(p)) {
        Some(index) => Err(refuse(field, "a point is not in the subgroup of prime order").with_value(index)),
        None => Ok(()),
    }
}

fn generators(points: &Points) -> Result<()> {
    if from_affine(&points.g[0]) != G1Projective::generator() {
        return Err(refuse("g1_monomial", "the first power is not the generator"));
    }
    if points.g2 != G2Projective::generator() {
        return Err(refuse("g2", "the first point is not the generator"));
    }
    Ok(())
}

fn at_infinity(point: &blst_p1_affine) -> bool {
    bool::from(from_affine(point).is_identity())
}

/// τ = 0 puts powers at infinity; τ a root of unity repeats them, all of them where it is 1.
fn not_degenerate(points: &Points) -> Result<()> {
    let distinct: HashSet<Vec<u8>> = points.g.par_iter().map(|p| uncompressed(&[*p])).collect();
    let tau_is_one = points.s_g2 == points.g2;
    if distinct.len() != points.g.len() || points.g.par_iter().any(at_infinity) || tau_is_one {
        return Err(refuse("g1_monomial", "tau is zero or a root of unity"));
    }
    Ok(())
}

/// 128-bit coefficients of a random linear combination.
fn coefficients(count: usize) -> Vec<F> {
    let draw = || u128::from(OsRng.next_u64()) << 64 | u128::from(OsRng.next_u64());
    (0..count).map(|_| crate::field::fi((draw() >> 1) as i128)).collect()
}

fn consecutive_powers(points: &Points) -> Result<()> {
    let count = points.g.len() - 1;
    let weights = coefficients(count);
    let shifted = msm::full_parallel(Bases::narrow(&points.g[1..]), &weights);
    let base = msm::full_parallel(Bases::narrow(&points.g[..count]), &weights);
    same_ratio(shifted, base, points)
}

/// e(shifted, G2) = e(base, τ·G2).
fn same_ratio(shifted: G1Projective, base: G1Projective, points: &Points) -> Result<()> {
    let terms: [(G1Affine, G2Affine); 2] =
        [(shifted.to_affine(), points.g2.to_affine()), ((-base).to_affine(), points.s_g2.to_affine())];
    let prepared = terms.map(|(p, q)| (p, G2Prepared::from(q)));
    let refs: Vec<(&G1Affine, &G2Prepared)> = prepared.iter().map(|(p, q)| (p, q)).collect();
    if bool::from(Bls12::multi_miller_loop(&refs).final_exponentiation().is_identity()) {
        Ok(())
    } else {
        Err(refuse("g1_monomial", "the points are not consecutive powers of one tau"))
    }
}

fn lagrange_matches(k: u32, points: &Points) -> Result<()> {
    let domain = EvaluationDomain::<F>::new(1, k);
    let values = coefficients(points.g.len());
    let by_values = msm::full_parallel(Bases::narrow(&points.g_lagrange), &values);
    let coefficients = domain.lagrange_to_coeff(domain.lagrange_from_vec(values));
    if by_values == msm::full_parallel(Bases::narrow(&points.g), &coefficients) {
        Ok(())
    } else {
        Err(refuse("g1_lagrange", "the Lagrange points do not belong to the powers"))
    }
}
