//! What prover and verifier both derive from the challenges: the plain columns and the folded commitments.

use ff::{Field, PrimeField};
use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::layout::Layout;
use super::statement::Statement;
use crate::chunk::bits;
use crate::commit;
use crate::error::Result;
use crate::field::{self, F};
use crate::transcript::OuterTranscript;

/// Challenges after the cells; μ separates the sums.
pub struct Challenges {
    pub eta: F,
    pub zeta: F,
    /// Powers of ρ for the client's rows, then Δ, then the tie.
    pub rho: Vec<F>,
    /// Powers of μ.
    pub mu: Vec<F>,
}

/// Highest power of μ in the folded sum.
const MU_DEGREE: usize = 3;

impl Challenges {
    /// Draws η, ζ, ρ, μ, after the cells were absorbed.
    ///
    /// # Errors
    /// `Error::Refused` where μ is zero.
    pub fn draw(layout: &Layout, transcript: &mut OuterTranscript) -> Result<Self> {
        let [eta, zeta, rho] = ["eta", "zeta", "rho"].map(|label| transcript.challenge(label));
        let mu = transcript.nonzero_challenge("mu")?;
        Ok(Challenges {
            eta,
            zeta,
            rho: field::powers(rho, layout.tested_rows() + 1),
            mu: field::powers(mu, MU_DEGREE + 1),
        })
    }
}

/// Plain instance columns in table order: c̃ by lane, the weights of the cells, the constant.
///
/// `c` holds Σ_j η^j b_j by lane, `a` holds A_jk = Σ_l ζ^l a_l,jk.
pub fn plain(layout: &Layout, statement: &Statement, challenges: &Challenges, c: &[Vec<F>], a: &[F]) -> Vec<Vec<F>> {
    let mu = &challenges.mu;
    let scaled = |(c, free): (&Vec<F>, &Vec<bool>)| {
        let mut column = vec![F::ZERO; layout.active_start];
        // Cells that must be zero have a sum of their own.
        column.extend(c.iter().zip(free).map(|(c, free)| if *free { mu[1] * c } else { mu[2] * c }));
        column
    };
    let mut columns: Vec<Vec<F>> = c.par_iter().zip(&statement.free).map(scaled).collect();
    let weights = cell_weights(layout, challenges, a);
    columns.extend((0..layout.cell_columns).map(|column| weights[layout.cells_of(column)].to_vec()));
    columns.push(vec![constant(layout, statement, challenges)]);
    columns
}

/// Weights of the bits of the slack of D0 and of v_l + 2^(r−1), then of the t_jk.
pub fn cell_weights(layout: &Layout, challenges: &Challenges, a: &[F]) -> Vec<F> {
    let Challenges { rho, mu, .. } = challenges;
    let [eta, zeta] = [challenges.eta, challenges.zeta].map(|x| field::powers(x, layout.projections));
    let mut weights = Vec::with_capacity(layout.cell_count());
    weights.extend(bits::weights(F::ONE, layout.distance_bits));
    zeta.iter().for_each(|z| weights.extend(bits::weights(-(mu[3] * z), layout.range_bits)));
    for (eta, a) in eta.iter().zip(a.chunks(layout.tested_rows())) {
        let scale = mu[1] * eta;
        weights.extend(a.iter().zip(rho).map(|(a, rho)| mu[3] * a - scale * rho));
    }
    weights
}

/// μ³·2^(r−1)·Σ ζ^l − D0: alone in its column, where no cell of the prover's multiplies it.
fn constant(layout: &Layout, statement: &Statement, challenges: &Challenges) -> F {
    let offset =
        F::from(1u64 << (layout.range_bits - 1)) * field::powers(challenges.zeta, layout.projections).iter().sum::<F>();
    challenges.mu[3] * offset - F::from_u128(statement.distance)
}

/// Commitments that nobody sends: Δ and F = Σ_k ρ^k row_k, by lane.
pub struct Derived {
    pub delta: Vec<G1Projective>,
    pub fold: Vec<G1Projective>,
}

impl Derived {
    pub fn new(layout: &Layout, statement: &Statement, challenges: &Challenges) -> Result<Self> {
        let (delta, tie) = (statement.delta(), statement.tie());
        // Tie and Δ join the rows: all lanes share the scalars.
        let further: Vec<Vec<_>> =
            [Some(&delta), tie.as_ref()].into_iter().flatten().map(|p| commit::to_affine(p)).collect();
        let lanes: Vec<Vec<_>> = (0..layout.lanes)
            .map(|lane| statement.rows_by_lane[lane].iter().copied().chain(further.iter().map(|p| p[lane])).collect())
            .collect();
        let lanes: Vec<&[_]> = lanes.iter().map(Vec::as_slice).collect();
        let fold = commit::fold_lanes(&lanes, &challenges.rho[..layout.client_rows + further.len()])?;
        Ok(Derived { delta, fold })
    }
}
