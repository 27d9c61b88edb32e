//! `vectors/chunks/`: whole chunks of both relations, made again from their seeds, and their invalid twins.

mod enrol;
mod fold;

use std::sync::Arc;

use blst::blst_p1_affine;
use midnight_curves::G1Projective;
use serde_json::Value;
use zkapex_prover::chunk::blinding::{self, Seed, Source};
use zkapex_prover::chunk::{ChunkLayout, Opening, Rows};
use zkapex_prover::commit::{
    parse_compressed_affine, parse_compressed_checked, parse_compressed_public, to_affine, Committer,
};
use zkapex_prover::error::Result;
use zkapex_prover::field::F;
use zkapex_prover::plonk::{ProverSetup, VerifierSetup};
use zkapex_prover::tables::Tables;

use crate::bytes::{assert_same, ceremony};
use crate::{bytes, load, number, numbers, point_bytes, text};

/// A vector with the keys of its relation.
struct Chunk {
    case: Value,
    tables: Arc<Tables>,
    prover: ProverSetup,
    verifier: VerifierSetup,
    committer: Committer,
}

impl Chunk {
    fn load(name: &str, layout: impl Fn(&Tables) -> ChunkLayout) -> Self {
        let case = load(&format!("chunks/{name}.json"));
        let tables = load(&format!("tables/{}", text(&case, "tables"))).to_string();
        let tables = Arc::new(Tables::parse(tables.as_bytes()).unwrap());
        let srs = ceremony(&case, tables.k);
        let layout = layout(&tables);
        Chunk {
            case,
            prover: ProverSetup::new(tables.clone(), srs.clone()).unwrap(),
            verifier: VerifierSetup::new(tables.clone(), srs.clone()).unwrap(),
            committer: Committer::new(srs, layout.blinding_start(), layout.blinding_rows).unwrap(),
            tables,
        }
    }

    fn witness(&self) -> &Value {
        &self.case["witness"]
    }

    fn integers(&self, name: &str) -> Vec<i32> {
        numbers(&self.witness()[name]).into_iter().map(|v| v.try_into().unwrap()).collect()
    }

    fn free(&self, layout: &ChunkLayout) -> Vec<Vec<bool>> {
        let free: Vec<bool> = numbers(&self.witness()["free"]).into_iter().map(|f| f == 1).collect();
        layout.to_lanes(&free, false).unwrap()
    }

    fn rows(&self, layout: &ChunkLayout) -> Rows {
        let rows = self.witness()["gradients"].as_array().unwrap();
        let rows: Vec<Vec<i8>> =
            rows.iter().map(|r| numbers(r).into_iter().map(|g| g.try_into().unwrap()).collect()).collect();
        Rows::new(layout, &rows.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap()
    }

    fn seed(&self, name: &str) -> [u8; 32] {
        bytes(text(&self.case["seeds"], name))
    }

    fn index(&self) -> usize {
        number(&self.case["statement"], "chunk")
    }

    /// Blinding of θ under one of the seeds, by lane.
    fn theta_blinding(&self, layout: &ChunkLayout, name: &str) -> Vec<Vec<F>> {
        blinding::theta(&self.seed(name), self.index(), layout.lanes, layout.blinding_rows)
    }

    /// Blinding of the client's rows, by row and lane.
    fn gradient_blinding(&self, layout: &ChunkLayout) -> Vec<Vec<Vec<F>>> {
        let seed = self.seed("gradients");
        let expand = |row, lane| blinding::expand(&seed, "gradient", self.index(), row, lane, layout.blinding_rows);
        (0..layout.client_rows).map(|row| (0..layout.lanes).map(|lane| expand(row, lane)).collect()).collect()
    }

    fn source(&self) -> Source {
        Source::Insecure(Seed::new(bytes(text(&self.case, "insecure"))))
    }

    fn message(&self) -> Vec<u8> {
        hex::decode(text(&self.case, "message")).unwrap()
    }

    /// A made message has the vector's bytes, or the first difference is named.
    fn assert_made(&self, made: &[u8]) {
        assert_same(text(&self.case, "tables"), &self.case["rounds"], made, &self.message());
    }

    /// Each twin gets the verdict of its class; `verify` takes the statement, the points and the message.
    fn assert_twins(&self, least: usize, verify: impl Fn(&Value, &Value, Vec<u8>) -> Result<()>) {
        let case = &self.case;
        verify(&case["statement"], &case["points"], self.message()).unwrap();
        let twins = case["invalid"].as_array().unwrap();
        assert!(twins.len() >= least, "{} twins", twins.len());
        for twin in twins {
            let mut points = case["points"].clone();
            for (label, replaced) in twin.get("points").and_then(Value::as_object).into_iter().flatten() {
                points[label] = replaced.clone();
            }
            let statement = twin.get("statement").unwrap_or(&case["statement"]);
            let message =
                twin.get("message").map_or_else(|| self.message(), |m| hex::decode(m.as_str().unwrap()).unwrap());
            let code = match text(twin, "error") {
                "refused" => "refused",
                "point" => "input",
                other => panic!("unknown class {other}"),
            };
            let verdict = verify(statement, &points, message).map_err(|e| e.code());
            assert_eq!(verdict, Err(code), "{}: {}", text(twin, "name"), text(twin, "why"));
        }
    }
}

fn opening(s: &Value) -> Opening {
    Opening {
        tables: bytes(text(s, "tables")),
        srs: bytes(text(s, "srs")),
        preset: text(s, "preset").into(),
        client: text(s, "client").into(),
        enrolment: bytes(text(s, "enrolment")),
    }
}

/// Commitments that hide: never at infinity.
fn hiding(points: &Value, label: &str) -> Result<Vec<G1Projective>> {
    parse_compressed_checked(&point_bytes(points, label))
}

fn hiding_affine(points: &Value, label: &str) -> Result<Vec<blst_p1_affine>> {
    parse_compressed_affine(&point_bytes(points, label))
}

/// Commitments of public columns.
fn public(points: &Value, label: &str) -> Result<Vec<G1Projective>> {
    parse_compressed_public(&point_bytes(points, label))
}

fn public_affine(points: &Value, label: &str) -> Result<Vec<blst_p1_affine>> {
    Ok(to_affine(&public(points, label)?))
}
