//! Messages of whole chunks against one honest statement each: the points, the rounds and the proof behind them.

use std::sync::{Arc, OnceLock};

use midnight_curves::G1Projective;
use serde_json::Value;
use zkapex_prover::chunk::files::by_lane;
use zkapex_prover::chunk::{ChunkLayout, Opening};
use zkapex_prover::commit::{
    parse_compressed_affine, parse_compressed_checked, parse_compressed_public, to_affine, Committer,
};
use zkapex_prover::plonk::VerifierSetup;
use zkapex_prover::tables::Tables;
use zkapex_prover::{enrolment, online, srs, Result};

use super::vectors::{self, bytes, number, point_bytes, text};

/// A vector with the keys of its relation.
struct Chunk {
    case: Value,
    setup: VerifierSetup,
    committer: Committer,
}

impl Chunk {
    fn load(name: &str, tables: Arc<Tables>, layout: &ChunkLayout) -> Self {
        let srs = Arc::new(srs::ceremony::load(tables.k).expect("the ceremony"));
        let committer =
            Committer::new(srs.clone(), layout.blinding_start(), layout.blinding_rows).expect("a committer");
        Chunk { case: vectors::load(name), setup: VerifierSetup::new(tables, srs).expect("a key"), committer }
    }

    /// A message that was made from the honest one, by whoever lacks the witness, must not be accepted in its place.
    fn only_honest(&self, message: &[u8]) {
        assert_eq!(hex::encode(message), text(&self.case, "message"), "an altered message is accepted");
    }

    fn opening(&self) -> Opening {
        let s = &self.case["statement"];
        Opening {
            tables: bytes(s, "tables"),
            srs: bytes(s, "srs"),
            preset: text(s, "preset").into(),
            client: text(s, "client").into(),
            enrolment: bytes(s, "enrolment"),
        }
    }

    fn free(&self, layout: &ChunkLayout) -> Vec<Vec<bool>> {
        let free: Vec<bool> = text(&self.case["witness"], "free").split(' ').map(|f| f == "1").collect();
        layout.to_lanes(&free, false).expect("a mask")
    }

    fn points(&self, label: &str) -> Vec<u8> {
        point_bytes(&self.case["points"], label)
    }

    fn hiding(&self, label: &str) -> Vec<G1Projective> {
        parse_compressed_checked(&self.points(label)).expect("points")
    }

    fn public(&self, label: &str) -> Vec<G1Projective> {
        parse_compressed_public(&self.points(label)).expect("points")
    }
}

struct Answer {
    chunk: Chunk,
    layout: online::Layout,
    active: G1Projective,
    binding: online::statement::Binding,
    statement: online::statement::Statement,
}

impl Answer {
    fn load() -> Self {
        let tables = Arc::new(vectors::tables("tables/toy.tables.json"));
        let layout = online::Layout::from_tables(&tables).expect("toy tables");
        let chunk = Chunk::load("chunks/fold-toy.json", tables, &layout);
        let s = &chunk.case["statement"];
        let mut rows = parse_compressed_affine(&chunk.points("gradients")).expect("points");
        rows.extend(to_affine(&chunk.public("forget_rows")));
        let statement = online::statement::Statement {
            chunk: number(s, "chunk"),
            weights: number(s, "weights"),
            gamma: number(s, "gamma"),
            limits: [number(s, "t1"), number(s, "t2"), number(s, "d")],
            free: chunk.free(&layout),
            theta_p: chunk.hiding("theta_p"),
            com_free: chunk.public("free"),
            rows_by_lane: by_lane(layout.lanes, &rows),
            bytes: online::statement::CommitmentBytes {
                theta_p: chunk.points("theta_p"),
                free: chunk.points("free"),
                gradients: chunk.points("gradients"),
                forget_rows: chunk.points("forget_rows"),
            },
        };
        let binding = online::statement::Binding {
            opening: chunk.opening(),
            state: bytes(s, "state"),
            request: bytes(s, "request"),
        };
        let active: Vec<usize> = (layout.active_start..layout.blinding_start()).collect();
        Answer { active: chunk.committer.ones(&active).expect("ones"), statement, binding, layout, chunk }
    }
}

/// The answer to a request.
pub fn answer(message: &[u8]) -> Result<()> {
    static WORLD: OnceLock<Answer> = OnceLock::new();
    let Answer { chunk, layout, active, binding, statement } = WORLD.get_or_init(Answer::load);
    online::verify::verify(&chunk.setup, layout, active, binding, statement, message.to_vec())?;
    chunk.only_honest(message);
    Ok(())
}

struct Enrolled {
    chunk: Chunk,
    layout: enrolment::Layout,
    binding: enrolment::statement::Binding,
    statement: enrolment::statement::Statement,
}

impl Enrolled {
    fn load(name: &str) -> Self {
        let tables = Arc::new(vectors::tables("tables/enrol-toy.tables.json"));
        let layout = enrolment::Layout::from_tables(&tables).expect("toy tables");
        let chunk = Chunk::load(name, tables, &layout);
        let s = &chunk.case["statement"];
        let current = chunk.points("theta_current");
        let rows = parse_compressed_affine(&chunk.points("gradients")).expect("points");
        let statement = enrolment::statement::Statement {
            chunk: number(s, "chunk"),
            weights: number(s, "weights"),
            gamma: number(s, "gamma"),
            distance: number(s, "d0"),
            free: chunk.free(&layout),
            theta_p: chunk.hiding("theta_p"),
            base_free: chunk.public("base_free"),
            theta_current: (!current.is_empty()).then(|| chunk.hiding("theta_current")),
            rows_by_lane: by_lane(layout.lanes, &rows),
            bytes: enrolment::statement::CommitmentBytes {
                theta_p: chunk.points("theta_p"),
                gradients: chunk.points("gradients"),
                base_free: chunk.points("base_free"),
                theta_current: current,
            },
        };
        let binding = enrolment::statement::Binding {
            opening: chunk.opening(),
            base: bytes(s, "base"),
            state: bytes(s, "state"),
        };
        Enrolled { statement, binding, layout, chunk }
    }

    fn verify(&self, message: &[u8]) -> Result<()> {
        enrolment::verify::verify(&self.chunk.setup, &self.layout, &self.binding, &self.statement, message.to_vec())?;
        self.chunk.only_honest(message);
        Ok(())
    }
}

/// The proof of a first enrolment.
pub fn enrolled(message: &[u8]) -> Result<()> {
    static WORLD: OnceLock<Enrolled> = OnceLock::new();
    WORLD.get_or_init(|| Enrolled::load("chunks/enrolment-toy.json")).verify(message)
}

/// The proof of a renewal.
pub fn renewed(message: &[u8]) -> Result<()> {
    static WORLD: OnceLock<Enrolled> = OnceLock::new();
    WORLD.get_or_init(|| Enrolled::load("chunks/renewal-toy.json")).verify(message)
}
