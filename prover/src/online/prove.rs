//! The prover of one chunk: four rounds in protocol order, then one Halo2 proof.

use ff::Field;
use midnight_curves::G1Projective;
use rayon::prelude::*;

use super::columns::{self, Challenges, Derived};
use super::layout::Layout;
use super::round_one;
use super::round_two::{self, Bits};
use super::running_sum::{self, Cells};
use super::statement::{Binding, Statement};
use super::witness::Witness;
use crate::chunk::blinding::Source;
use crate::chunk::columns::{active, closes, head, lanes};
use crate::chunk::fold;
use crate::chunk::opening::send;
use crate::commit::Committer;
use crate::error::{Error, Result};
use crate::field::{self, F};
use crate::plonk::{Committed, ProverSetup};
use crate::progress::Stages;
use crate::ternary::Ternary;

/// Blinding rows that outlive the proof: θ̂p of the ledger's commitment, the client's rows, and θ̂u, the next θ̂p.
pub struct LongLived {
    pub theta_p: Vec<Vec<F>>,
    pub theta_u: Vec<Vec<F>>,
    /// By client row, then lane.
    pub gradients: Vec<Vec<Vec<F>>>,
}

/// What stays the same over all chunks of a run.
pub struct Prover<'a> {
    pub setup: &'a ProverSetup,
    pub layout: &'a Layout,
    pub committer: &'a Committer,
    pub com_active: G1Projective,
    pub binding: &'a Binding,
    /// Where blinding comes from.
    pub source: &'a Source,
    /// Refuse a witness that cannot be proven. Off only to show that verifiers refuse what comes out.
    pub checked: bool,
}

impl Prover<'_> {
    /// Proves one chunk and returns the message.
    pub fn prove(
        &self,
        statement: &Statement,
        witness: &Witness,
        long: &LongLived,
        stages: &mut Stages,
    ) -> Result<Vec<u8>> {
        let layout = self.layout;
        self.check_mask(statement, witness)?;
        let count = layout.lanes + layout.bit_columns + 1;
        let fresh = self.source.fresh(statement.chunk, count, layout.blinding_rows);
        let (y_blind, rest) = fresh.split_at(layout.lanes);
        let (bits_blind, q_blind) = rest.split_at(layout.bit_columns);
        let mut transcript = statement.transcript(self.binding);

        // Round 1
        let theta_u = round_one::commit_theta(layout, self.committer, &witness.theta_u, &long.theta_u)?;
        stages.lap("commit_theta_u");
        let y = round_one::commit_y(layout, self.committer, witness, &statement.free, y_blind)?;
        stages.lap("commit_y");
        let mut message = Vec::new();
        send(&mut transcript, &mut message, "theta_u", &theta_u);
        send(&mut transcript, &mut message, "y", &y);
        let seed = transcript.squeeze("r");

        // Round 2
        let ternary = Ternary::expand(&seed, &layout.projected_cells(), layout.projections);
        stages.lap("expand_r");
        let bits = round_two::bits(layout, statement, witness, &ternary, self.checked)?;
        let com_bits = round_two::commit(self.committer, &bits, bits_blind)?;
        send(&mut transcript, &mut message, "bits", &com_bits);
        let eta = transcript.challenge("eta");
        stages.lap("project_and_bits");

        // Round 3
        let c = ternary.combine(eta);
        drop(ternary);
        stages.lap("combine_c");
        let q = fold::inner_products(&witness.rows, &c[..layout.lanes]);
        let cells: Vec<(usize, F)> = q.iter().copied().enumerate().collect();
        let com_q = self.committer.sparse(&cells)? + self.committer.blind(&q_blind[0])?;
        send(&mut transcript, &mut message, "q", std::slice::from_ref(&com_q));
        let rho = transcript.challenge("rho");
        let mu = transcript.nonzero_challenge("mu")?;
        stages.lap("inner_products");

        // Round 4
        let challenges = Challenges::new(layout, eta, rho, mu);
        let derived = Derived::new(statement, &challenges, &y, &self.com_active)?;
        stages.lap("fold_commitments");
        let blinds = Blinds { long, y: y_blind, bits: bits_blind, q: &q_blind[0] };
        let values = self.values(statement, witness, &challenges, &bits, &q, &blinds);
        let plain = columns::plain(layout, statement, &challenges, &c);
        drop(c);
        let v = challenges.v(statement.gamma);
        let acc = running_sum::accumulate(layout, &values.cells(statement, &bits, &q, v, &plain));
        if self.checked && !closes(&acc) {
            return Err(Error::internal("the running sum does not close although the witness passed its checks"));
        }
        stages.lap("columns");
        let commitments = [&statement.theta_p, &theta_u, &derived.y, &derived.fold, &statement.com_free, &com_bits];
        let committed = values.committed(layout, &commitments, (com_q, derived.v), v);
        let outer = transcript.squeeze("inner");
        let proof = self.setup.prove(committed, &plain, vec![acc], &outer, &self.source.proof(statement.chunk))?;
        stages.lap("create_proof");
        message.extend_from_slice(&proof);
        Ok(message)
    }

    fn check_mask(&self, statement: &Statement, witness: &Witness) -> Result<()> {
        let broken = witness
            .theta_u
            .iter()
            .zip(&statement.free)
            .flat_map(|(u, f)| u.iter().zip(f))
            .find(|(u, free)| **u != 0 && !**free);
        match broken {
            Some((value, _)) if self.checked => {
                Err(Error::input("a masked weight of the update is not zero").at_field("theta_u").with_value(value))
            }
            _ => Ok(()),
        }
    }

    fn values(
        &self,
        statement: &Statement,
        witness: &Witness,
        ch: &Challenges,
        bits: &Bits,
        q: &[F],
        blinds: &Blinds,
    ) -> Values {
        let layout = self.layout;
        let mut y = lanes(layout, &witness.y, blinds.y);
        for k in 0..layout.rows() {
            y[0][k] = field::fi(witness.sigma[k].into());
            y[1][k] = field::fi(witness.e[k].into());
        }
        y.par_iter_mut().flatten().for_each(|cell| *cell *= ch.mu[4]);
        let weights = ch.fold_weights();
        let fold = (0..layout.lanes)
            .into_par_iter()
            .map(|lane| {
                let blind = fold::folded_blinding(&blinds.long.gradients, lane, &weights, layout.blinding_rows);
                active(layout, fold::folded_lane(&witness.rows, lane, &weights).into_iter(), &blind)
            })
            .collect();
        let free = statement.free.iter().map(|lane| {
            let ones = lane.iter().map(|f| if *f { F::ONE } else { F::ZERO });
            std::iter::repeat_n(F::ZERO, layout.active_start).chain(ones).collect()
        });
        Values {
            theta_p: lanes(layout, &witness.theta_p, &blinds.long.theta_p),
            theta_u: lanes(layout, &witness.theta_u, &blinds.long.theta_u),
            y,
            fold,
            free: free.collect(),
            bits: bits
                .columns
                .iter()
                .zip(blinds.bits)
                .map(|(b, blind)| head(layout, b.iter().map(|b| F::from(u64::from(*b))), blind))
                .collect(),
            q: head(layout, q.iter().copied(), blinds.q),
        }
    }
}

struct Blinds<'a> {
    long: &'a LongLived,
    y: &'a [Vec<F>],
    bits: &'a [Vec<F>],
    q: &'a [F],
}

/// Values of the committed columns, as the circuit sees them.
struct Values {
    theta_p: Vec<Vec<F>>,
    theta_u: Vec<Vec<F>>,
    y: Vec<Vec<F>>,
    fold: Vec<Vec<F>>,
    free: Vec<Vec<F>>,
    bits: Vec<Vec<F>>,
    q: Vec<F>,
}

impl Values {
    fn cells<'a>(
        &'a self,
        statement: &'a Statement,
        bits: &'a Bits,
        q: &'a [F],
        v: F,
        plain: &'a [Vec<F>],
    ) -> Cells<'a> {
        Cells {
            theta_p: &self.theta_p,
            theta_u: &self.theta_u,
            y: &self.y,
            fold: &self.fold,
            free: &statement.free,
            bits: &bits.columns,
            q,
            v,
            plain,
        }
    }

    /// Pairs every column with its commitment, in table order.
    fn committed(
        self,
        layout: &Layout,
        by_group: &[&Vec<G1Projective>; 6],
        (q, v): (G1Projective, G1Projective),
        v_value: F,
    ) -> Vec<Committed> {
        let mut v_column = vec![F::ZERO; layout.blinding_start()];
        v_column[layout.active_start..].fill(v_value);
        let groups = [self.theta_p, self.theta_u, self.y, self.fold, self.free, self.bits];
        let pairs = groups
            .into_iter()
            .zip(by_group)
            .flat_map(|(values, points)| values.into_iter().zip(points.iter().copied()));
        pairs.chain([(self.q, q), (v_column, v)]).map(|(values, commitment)| Committed { values, commitment }).collect()
    }
}
