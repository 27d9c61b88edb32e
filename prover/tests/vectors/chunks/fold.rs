//! The online relation.

use serde_json::Value;
use zkapex_prover::chunk::files::by_lane;
use zkapex_prover::error::Result;
use zkapex_prover::online::prove::{LongLived, Prover};
use zkapex_prover::online::statement::{Binding, CommitmentBytes, Statement};
use zkapex_prover::online::verify::verify;
use zkapex_prover::online::witness::Witness;
use zkapex_prover::online::Layout;
use zkapex_prover::progress::Stages;

use super::{hiding, hiding_affine, opening, public, public_affine, Chunk};
use crate::{bytes, number, numbers, point_bytes, text};

struct Online {
    chunk: Chunk,
    layout: Layout,
}

impl Online {
    fn load() -> Self {
        let chunk = Chunk::load("fold-toy", |tables| Layout::from_tables(tables).unwrap().chunk);
        Online { layout: Layout::from_tables(&chunk.tables).unwrap(), chunk }
    }

    fn binding(s: &Value) -> Binding {
        Binding { opening: opening(s), state: bytes(text(s, "state")), request: bytes(text(s, "request")) }
    }

    fn statement(&self, s: &Value, points: &Value) -> Result<Statement> {
        let mut rows = hiding_affine(points, "gradients")?;
        rows.extend(public_affine(points, "forget_rows")?);
        Ok(Statement {
            chunk: number(s, "chunk"),
            weights: number(s, "weights"),
            gamma: number(s, "gamma"),
            limits: [number(s, "t1"), number(s, "t2"), number(s, "d")],
            free: self.chunk.free(&self.layout),
            theta_p: hiding(points, "theta_p")?,
            com_free: public(points, "free")?,
            rows_by_lane: by_lane(self.layout.lanes, &rows),
            bytes: CommitmentBytes {
                theta_p: point_bytes(points, "theta_p"),
                free: point_bytes(points, "free"),
                gradients: point_bytes(points, "gradients"),
                forget_rows: point_bytes(points, "forget_rows"),
            },
        })
    }

    fn com_active(&self) -> midnight_curves::G1Projective {
        let active: Vec<usize> = (self.layout.active_start..self.layout.blinding_start()).collect();
        self.chunk.committer.ones(&active).unwrap()
    }

    fn prove(&self) -> Vec<u8> {
        let (chunk, layout) = (&self.chunk, &self.layout);
        let statement = self.statement(&chunk.case["statement"], &chunk.case["points"]).unwrap();
        let weights = (&chunk.integers("theta_p")[..], &chunk.integers("theta_u")[..]);
        let sigma = numbers(&chunk.witness()["sigma"]);
        let witness =
            Witness::derive(layout, weights, chunk.rows(layout), sigma, statement.gamma, &statement.free).unwrap();
        let long = LongLived {
            theta_p: chunk.theta_blinding(layout, "theta_p"),
            theta_u: chunk.theta_blinding(layout, "theta_u"),
            gradients: chunk.gradient_blinding(layout),
        };
        let prover = Prover {
            setup: &chunk.prover,
            layout,
            committer: &chunk.committer,
            com_active: self.com_active(),
            binding: &Self::binding(&chunk.case["statement"]),
            source: &chunk.source(),
            checked: true,
        };
        prover.prove(&statement, &witness, &long, &mut Stages::default()).unwrap()
    }
}

#[test]
fn an_answer_is_made_again_byte_for_byte() {
    let online = Online::load();
    online.chunk.assert_made(&online.prove());
}

#[test]
fn twins_of_an_answer_are_refused_with_their_class() {
    let online = Online::load();
    let com_active = online.com_active();
    online.chunk.assert_twins(60, |s, points, message| {
        let statement = online.statement(s, points)?;
        verify(&online.chunk.verifier, &online.layout, &com_active, &Online::binding(s), &statement, message)
    });
}
