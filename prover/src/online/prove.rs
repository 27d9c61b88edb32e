//! The prover of one chunk: four rounds in protocol order, then one Halo2 proof.

use midnight_curves::G1Projective;

use super::assign::{Assignment, Blinds, Commitments, Sent};
use super::columns::{self, Challenges, Derived};
use super::layout::Layout;
use super::round_one;
use super::round_two;
use super::statement::{Binding, Statement};
use super::witness::Witness;
use crate::chunk::blinding::Source;
use crate::chunk::columns::closes;
use crate::chunk::fold;
use crate::chunk::opening::send;
use crate::commit::Committer;
use crate::error::{Error, Result};
use crate::field::F;
use crate::plonk::ProverSetup;
use crate::progress::Stages;
use crate::ternary::Ternary;

pub use super::assign::LongLived;

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
        let plain = columns::plain(layout, statement, &challenges, &c);
        drop(c);
        let sent = Sent { bits: &bits, q: &q };
        let columns = Assignment::new(layout, (statement, witness), &challenges, sent, &blinds, plain);
        if self.checked && !closes(&columns.acc) {
            return Err(Error::internal("the running sum does not close although the witness passed its checks"));
        }
        stages.lap("columns");
        let outer = transcript.squeeze("inner");
        let sent = Commitments { theta_u: &theta_u, bits: &com_bits, q: com_q };
        let (committed, plain, acc) = columns.committed(statement, &derived, &sent);
        let proof = self.setup.prove(committed, &plain, vec![acc], &outer, &self.source.proof(statement.chunk))?;
        stages.lap("create_proof");
        message.extend_from_slice(&proof);
        Ok(message)
    }

    fn check_mask(&self, statement: &Statement, witness: &Witness) -> Result<()> {
        let lanes = witness.theta_u.iter().zip(&statement.free).enumerate();
        let mut broken = lanes.flat_map(|(lane, (u, free))| {
            let cells = u.iter().zip(free).enumerate();
            cells.filter(|(_, (u, free))| **u != 0 && !**free).map(move |(row, _)| (lane, row))
        });
        match broken.next() {
            Some((lane, row)) if self.checked => {
                let message = "a masked weight of the update is not zero";
                Err(Error::input(message).at_field("theta_u").with_value(self.layout.weight_name(lane, row)))
            }
            _ => Ok(()),
        }
    }
}
