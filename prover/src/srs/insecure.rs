//! Reference strings for experiments: τ is drawn on this machine, so whoever ran it could forge proofs.

use blst::blst_p1_affine;
use ff::{Field, PrimeField};
use group::Group;
use midnight_curves::{G1Projective, G2Projective};
use rand::rngs::OsRng;
use rayon::prelude::*;

use super::{check, domain_size, Points, Srs};
use crate::commit::to_affine;
use crate::error::{Error, Result};
use crate::field::F;

/// `source` of these reference strings.
pub const SOURCE: &str = "insecure-local";

/// A reference string for 2^k rows, marked insecure. τ is wiped afterwards, which nobody else can check.
///
/// # Errors
/// `Error::Input` where k is out of range.
pub fn generate(k: u32) -> Result<Srs> {
    let mut tau = F::random(OsRng);
    let points = points(k, tau);
    tau = F::ZERO;
    std::hint::black_box(&tau);
    let points = points?;
    check::powers(&points)?;
    check::lagrange(k, &points)?;
    Srs::assemble(k, points, true, SOURCE)
}

/// The powers of a known τ, and L_i(τ) = (τ^n − 1)·ω^i / (n·(τ − ω^i)).
pub(super) fn points(k: u32, tau: F) -> Result<Points> {
    let size = domain_size(k)?;
    let root = (k..F::S).fold(F::ROOT_OF_UNITY, |root, _| root.square());
    let degenerate = || Error::input("tau is zero or a root of unity");
    let vanishing = tau.pow_vartime([size as u64]) - F::ONE;
    let factor = vanishing * Option::<F>::from(F::from(size as u64).invert()).ok_or_else(degenerate)?;
    let mut powers = crate::field::powers(tau, size);
    let lagrange = crate::field::powers(root, size)
        .into_par_iter()
        .map(|w| Option::<F>::from((tau - w).invert()).map(|inverse| factor * w * inverse).ok_or_else(degenerate));
    let lagrange: Vec<F> = lagrange.collect::<Result<_>>()?;
    let points = Points {
        g: multiples(&powers),
        g_lagrange: multiples(&lagrange),
        g2: G2Projective::generator(),
        s_g2: G2Projective::generator() * tau,
    };
    powers.iter_mut().for_each(|p| *p = F::ZERO);
    std::hint::black_box(&powers);
    Ok(points)
}

fn multiples(scalars: &[F]) -> Vec<blst_p1_affine> {
    let g = G1Projective::generator();
    to_affine(&scalars.par_iter().map(|x| g * x).collect::<Vec<_>>())
}
