//! What prover and verifier both derive from the challenges: the plain columns, the folded and scaled commitments.

use ff::{Field, PrimeField};
use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::layout::Layout;
use super::statement::Statement;
use crate::chunk::bits;
use crate::commit;
use crate::error::Result;
use crate::field::{self, F};

/// Challenges of the rounds; μ separates the sums, so its powers are at hand.
pub struct Challenges {
    pub eta: Vec<F>,
    pub rho: Vec<F>,
    pub mu: Vec<F>,
}

/// Highest power of μ in the folded sum.
const MU_DEGREE: usize = 11;

impl Challenges {
    pub fn new(layout: &Layout, eta: F, rho: F, mu: F) -> Self {
        Challenges {
            eta: field::powers(eta, layout.projections),
            rho: field::powers(rho, layout.rows()),
            mu: field::powers(mu, MU_DEGREE + 1),
        }
    }

    /// μ⁶ρ^k, the weight of row k in the folded row.
    pub fn fold_weights(&self) -> Vec<F> {
        self.rho.iter().map(|r| *r * self.mu[6]).collect()
    }

    /// v = μ⁹ − γ̂μ⁴, the same on every active row.
    pub fn v(&self, gamma: u64) -> F {
        self.mu[9] - F::from(gamma) * self.mu[4]
    }
}

/// Plain instance columns in table order: c̃ by lane, the tail weights, the constant, the bit weights.
///
/// Columns end with their last non-zero cell; the rest is zero. `c` has one lane more than the chunk, for the cells of e.
pub fn plain(layout: &Layout, statement: &Statement, challenges: &Challenges, c: &[Vec<F>]) -> Vec<Vec<F>> {
    let factors = c_factors(layout, challenges);
    let scaled = |(lane, factor): (&Vec<F>, &F)| lane.iter().map(|c| *factor * c).collect();
    let scaled: Vec<Vec<F>> = c.par_iter().zip(&factors).map(scaled).collect();
    plain_of_scaled(layout, statement, challenges, &scaled)
}

/// What each lane of c is multiplied by: μ, and 1 for the cells of e.
pub fn c_factors(layout: &Layout, challenges: &Challenges) -> Vec<F> {
    let mut factors = vec![challenges.mu[1]; layout.lanes];
    factors.push(F::ONE);
    factors
}

/// [`plain`], for lanes that are multiplied by their factors.
pub fn plain_of_scaled(layout: &Layout, statement: &Statement, challenges: &Challenges, c: &[Vec<F>]) -> Vec<Vec<F>> {
    let mu = &challenges.mu;
    let start = vec![F::ZERO; layout.active_start];
    let mut columns: Vec<Vec<F>> = c[..layout.lanes].iter().map(|lane| [&start[..], lane].concat()).collect();
    let c_e = &c[layout.lanes];
    let rows = layout.rows();
    columns.push(challenges.rho.iter().map(|r| -(mu[2] * r)).collect());
    columns.push(challenges.rho.iter().zip(c_e).map(|(r, c)| mu[2] * r + mu[6] * c).collect());
    columns.push(challenges.rho.iter().map(|r| -(mu[7] * r)).collect());
    columns.push(vec![-mu[1]; rows]);
    columns.push(vec![mu[3]; rows]);
    columns.push(vec![constant(layout, statement, challenges)]);
    columns.extend(bit_weights(layout, challenges).chunks(layout.bits_per_column).map(<[F]>::to_vec));
    columns
}

/// μ¹⁰·2^(b−1)·Σ η^j − μ⁸T1 − μ¹¹T2 − D: alone in its column, where no cell of the prover's multiplies it.
fn constant(layout: &Layout, statement: &Statement, challenges: &Challenges) -> F {
    let mu = &challenges.mu;
    let offset = F::from(1u64 << (layout.window_bits - 1)) * challenges.eta.iter().sum::<F>();
    let [t1, t2, d] = statement.limits.map(F::from_u128);
    mu[10] * offset - mu[8] * t1 - mu[11] * t2 - d
}

/// Weights of the bits of p_j + 2^(b−1), then of the slacks of T1, T2, D.
fn bit_weights(layout: &Layout, challenges: &Challenges) -> Vec<F> {
    let mu = &challenges.mu;
    let windows = challenges.eta.iter().map(|e| (-(mu[10] * e), layout.window_bits));
    let slacks = [mu[8], mu[11], F::ONE].into_iter().zip(layout.slack_bits);
    windows.chain(slacks).flat_map(|(weight, width)| bits::weights(weight, width)).collect()
}

/// Commitments that nobody sends: F̃ = μ⁶Σρ^k Ĝ_k by lane, Ỹ = μ⁴ŷ by lane, and v on the active rows.
pub struct Derived {
    pub fold: Vec<G1Projective>,
    pub y: Vec<G1Projective>,
    pub v: G1Projective,
}

impl Derived {
    pub fn new(
        statement: &Statement,
        challenges: &Challenges,
        com_y: &[G1Projective],
        com_active: &G1Projective,
    ) -> Result<Self> {
        let rows: Vec<&[_]> = statement.rows_by_lane.iter().map(Vec::as_slice).collect();
        let y = commit::to_affine(com_y);
        let y: Vec<&[_]> = y.iter().map(std::slice::from_ref).collect();
        Ok(Derived {
            fold: commit::fold_lanes(&rows, &challenges.fold_weights())?,
            y: commit::fold_lanes(&y, &challenges.mu[4..5])?,
            v: *com_active * challenges.v(statement.gamma),
        })
    }
}
