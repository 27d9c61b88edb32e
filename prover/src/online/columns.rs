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
    let mu = &challenges.mu;
    let mut columns: Vec<Vec<F>> = c[..layout.lanes]
        .par_iter()
        .map(|lane| {
            let mut column = vec![F::ZERO; layout.active_start];
            column.extend(lane.iter().map(|c| mu[1] * c));
            column
        })
        .collect();
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
        let weights = challenges.fold_weights();
        Ok(Derived {
            fold: statement
                .rows_by_lane
                .par_iter()
                .map(|points| commit::fold(points, &weights))
                .collect::<Result<_>>()?,
            y: com_y.par_iter().map(|c| *c * challenges.mu[4]).collect(),
            v: *com_active * challenges.v(statement.gamma),
        })
    }
}
