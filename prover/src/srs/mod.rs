//! The structured reference string: powers τ^i·G1, their Lagrange form over the 2^k-th roots of unity, and τ·G2.
//!
//! Whoever knows τ can forge proofs. [`ceremony`] and [`import`] take powers from a public ceremony whose τ nobody knows if
//! one of its contributors was honest; [`insecure`] draws τ on this machine and marks the result for ever.
//!
//! Creation, import and loading check everything ([`check`]); only a file whose digest is that of the shipped ceremony
//! ([`trust`]) is not checked again.

pub mod ceremony;
mod check;
mod file;
pub mod g2;
pub mod import;
pub mod insecure;
mod trust;

use blst::blst_p1_affine;
use midnight_curves::{Bls12, G1Projective, G2Projective};
use midnight_proofs::poly::kzg::params::ParamsKZG;
use midnight_proofs::utils::arithmetic::g_to_lagrange;

use crate::commit::msm::Bases;
use crate::commit::{from_affine, to_affine, WidePoint};
use crate::error::{Error, Result};

/// Largest supported exponent: 2^20 rows.
pub const MAX_K: u32 = 20;

/// A reference string for 2^k rows that passed its checks.
#[derive(Debug, Clone)]
pub struct Srs {
    pub k: u32,
    /// SHA-256 of the header of its file, whether it was written or not.
    pub digest: [u8; 32],
    /// Somebody knew τ.
    pub insecure: bool,
    /// Where the powers come from.
    pub source: String,
    pub params: ParamsKZG<Bls12>,
    /// τ^i·G1.
    pub g: Vec<blst_p1_affine>,
    /// L_i(τ)·G1, i in the order of the powers of the root of unity.
    pub g_lagrange: Vec<blst_p1_affine>,
    /// Both again for vector kernels; empty where the machine has none.
    wide: Vec<WidePoint>,
    wide_lagrange: Vec<WidePoint>,
}

/// The points of a reference string before it is checked and named.
struct Points {
    g: Vec<blst_p1_affine>,
    g_lagrange: Vec<blst_p1_affine>,
    g2: G2Projective,
    s_g2: G2Projective,
}

impl Points {
    /// Checks 2^k powers and adds their Lagrange form, by an FFT over the group.
    fn from_powers(k: u32, g: Vec<blst_p1_affine>, g2: G2Projective, s_g2: G2Projective) -> Result<Self> {
        let mut points = Points { g, g_lagrange: Vec::new(), g2, s_g2 };
        check::powers(&points)?;
        let projective: Vec<G1Projective> = points.g.iter().map(from_affine).collect();
        points.g_lagrange = to_affine(&g_to_lagrange(&projective, k));
        check::lagrange(k, &points)?;
        Ok(points)
    }
}

impl Srs {
    /// Names checked points.
    fn assemble(k: u32, points: Points, insecure: bool, source: &str) -> Result<Self> {
        let header = file::header(k, &points, insecure, source)?;
        Self::with_digest(k, points, insecure, source, file::digest(&header))
    }

    fn with_digest(k: u32, points: Points, insecure: bool, source: &str, digest: [u8; 32]) -> Result<Self> {
        let size = domain_size(k)?;
        if points.g.len() != size || points.g_lagrange.len() != size {
            return Err(Error::internal("an SRS of the wrong length"));
        }
        let projective = |v: &[blst_p1_affine]| v.iter().map(from_affine).collect::<Vec<_>>();
        let lagrange = projective(&points.g_lagrange);
        let params = ParamsKZG::from_parts(k, projective(&points.g), Some(lagrange), points.g2, points.s_g2);
        let (g, g_lagrange) = (points.g, points.g_lagrange);
        let wide = |points: &[blst_p1_affine]| -> Vec<WidePoint> {
            let points = if crate::vector::wide() { points } else { &[] };
            points.iter().filter_map(WidePoint::new).collect()
        };
        let (wide, wide_lagrange) = (wide(&g), wide(&g_lagrange));
        Ok(Srs { k, digest, insecure, source: source.to_owned(), params, g, g_lagrange, wide, wide_lagrange })
    }

    /// The powers, for multi-exponentiations.
    pub(crate) fn powers(&self) -> Bases<'_> {
        Bases { points: &self.g, wide: &self.wide }
    }

    /// The Lagrange basis, for multi-exponentiations.
    pub(crate) fn lagrange(&self) -> Bases<'_> {
        Bases { points: &self.g_lagrange, wide: &self.wide_lagrange }
    }

    /// Rows of the domain, 2^k.
    pub fn size(&self) -> usize {
        self.g.len()
    }

    fn points(&self) -> Points {
        Points {
            g: self.g.clone(),
            g_lagrange: self.g_lagrange.clone(),
            g2: self.params.g2(),
            s_g2: self.params.s_g2(),
        }
    }
}

/// 2^k for a supported k.
fn domain_size(k: u32) -> Result<usize> {
    if k == 0 || k > MAX_K {
        return Err(Error::input(format!("k must be from 1 to {MAX_K}")).at_field("k").with_value(k));
    }
    Ok(1 << k)
}

#[cfg(test)]
mod tests;
