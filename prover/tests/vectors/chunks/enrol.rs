//! The enrolment relation, for first enrolments and renewals.

use serde_json::Value;
use zkapex_prover::chunk::files::by_lane;
use zkapex_prover::enrolment::assign::LongLived;
use zkapex_prover::enrolment::prove::Prover;
use zkapex_prover::enrolment::statement::{Binding, CommitmentBytes, Statement};
use zkapex_prover::enrolment::verify::verify;
use zkapex_prover::enrolment::witness::Witness;
use zkapex_prover::enrolment::Layout;
use zkapex_prover::error::Result;
use zkapex_prover::progress::Stages;

use super::{hiding, hiding_affine, opening, public, Chunk};
use crate::{bytes, number, point_bytes, text};

const NAMES: [&str; 2] = ["enrolment-toy", "renewal-toy"];

struct Enrolment {
    chunk: Chunk,
    layout: Layout,
}

impl Enrolment {
    fn load(name: &str) -> Self {
        let chunk = Chunk::load(name, |tables| Layout::from_tables(tables).unwrap().chunk);
        Enrolment { layout: Layout::from_tables(&chunk.tables).unwrap(), chunk }
    }

    fn renews(&self) -> bool {
        !self.chunk.witness()["theta_current"].is_null()
    }

    fn binding(s: &Value) -> Binding {
        Binding { opening: opening(s), base: bytes(text(s, "base")), state: bytes(text(s, "state")) }
    }

    fn statement(&self, s: &Value, points: &Value) -> Result<Statement> {
        let current = self.renews().then(|| hiding(points, "theta_current")).transpose()?;
        Ok(Statement {
            chunk: number(s, "chunk"),
            weights: number(s, "weights"),
            gamma: number(s, "gamma"),
            distance: number(s, "d0"),
            free: self.chunk.free(&self.layout),
            theta_p: hiding(points, "theta_p")?,
            base_free: public(points, "base_free")?,
            theta_current: current,
            rows_by_lane: by_lane(self.layout.lanes, &hiding_affine(points, "gradients")?),
            bytes: CommitmentBytes {
                theta_p: point_bytes(points, "theta_p"),
                gradients: point_bytes(points, "gradients"),
                base_free: point_bytes(points, "base_free"),
                theta_current: point_bytes(points, "theta_current"),
            },
        })
    }

    fn prove(&self) -> Vec<u8> {
        let (chunk, layout) = (&self.chunk, &self.layout);
        let statement = self.statement(&chunk.case["statement"], &chunk.case["points"]).unwrap();
        let current = self.renews().then(|| chunk.integers("theta_current"));
        let weights = (&chunk.integers("theta_p")[..], &chunk.integers("theta_0")[..]);
        let witness =
            Witness::derive(layout, weights, current.as_deref(), chunk.rows(layout), &statement.free).unwrap();
        let long = LongLived {
            theta_p: chunk.theta_blinding(layout, "theta_p"),
            theta_current: self.renews().then(|| chunk.theta_blinding(layout, "theta_current")),
            gradients: chunk.gradient_blinding(layout),
        };
        let prover = Prover {
            setup: &chunk.prover,
            layout,
            committer: &chunk.committer,
            binding: &Self::binding(&chunk.case["statement"]),
            source: &chunk.source(),
            checked: true,
        };
        prover.prove(&statement, &witness, &long, &mut Stages::default()).unwrap()
    }
}

#[test]
fn enrolments_are_made_again_byte_for_byte() {
    for name in NAMES {
        let enrolment = Enrolment::load(name);
        enrolment.chunk.assert_made(&enrolment.prove());
    }
}

#[test]
fn twins_of_enrolments_are_refused_with_their_class() {
    for name in NAMES {
        let enrolment = Enrolment::load(name);
        enrolment.chunk.assert_twins(45, |s, points, message| {
            let statement = enrolment.statement(s, points)?;
            verify(&enrolment.chunk.verifier, &enrolment.layout, &Enrolment::binding(s), &statement, message)
        });
    }
}
