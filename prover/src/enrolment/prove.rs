//! The prover of one chunk's enrolment: the cells, then one Halo2 proof.

use super::assign::{Assignment, LongLived};
use super::cells::{self, Cells};
use super::columns::{self, Challenges, Derived};
use super::layout::Layout;
use super::statement::{Binding, Statement};
use super::witness::Witness;
use crate::chunk::blinding::Source;
use crate::chunk::columns::closes;
use crate::chunk::opening::send;
use crate::commit::Committer;
use crate::error::{Error, Result};
use crate::plonk::ProverSetup;
use crate::progress::Stages;
use crate::ternary::Ternary;

/// What stays the same over all chunks of a run.
pub struct Prover<'a> {
    pub setup: &'a ProverSetup,
    pub layout: &'a Layout,
    pub committer: &'a Committer,
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
        if self.checked {
            witness.check(layout, &statement.free)?;
        }
        let blinds = self.source.fresh(statement.chunk, layout.cell_columns, layout.blinding_rows);

        // Round 1: the commitments are the statement's.
        let mut transcript = statement.transcript(self.binding);
        let b = Ternary::expand(&transcript.squeeze("b"), &layout.projected_cells(), layout.projections);
        let a = Ternary::expand(&transcript.squeeze("a"), &[layout.products()], layout.projections);
        stages.lap("expand");

        // Round 2
        let t = cells::products(layout, witness, &b)?;
        stages.lap("products");
        let cells = Cells::new(layout, statement, witness, (&a, t), self.checked)?;
        let com_cells = cells.commit(layout, self.committer, &blinds)?;
        let mut message = Vec::new();
        send(&mut transcript, &mut message, "cells", &com_cells);
        stages.lap("commit_cells");

        // Round 3
        let challenges = Challenges::draw(layout, &mut transcript)?;
        let (c, a) = (b.combine(challenges.eta), a.combine(challenges.zeta));
        drop(b);
        stages.lap("combine");
        let derived = Derived::new(layout, statement, &challenges)?;
        stages.lap("fold_commitments");
        let plain = columns::plain(layout, statement, &challenges, &c, &a[0]);
        drop(c);
        let columns = Assignment::new(layout, witness, &challenges, long, (&cells, &blinds), plain);
        if self.checked && !closes(&columns.acc) {
            return Err(Error::internal("the running sum does not close although the witness passed its checks"));
        }
        stages.lap("columns");
        let outer = transcript.squeeze("inner");
        let (committed, plain, acc) = columns.committed(&derived, &com_cells);
        let proof = self.setup.prove(committed, &plain, vec![acc], &outer, &self.source.proof(statement.chunk))?;
        stages.lap("create_proof");
        message.extend_from_slice(&proof);
        Ok(message)
    }
}
