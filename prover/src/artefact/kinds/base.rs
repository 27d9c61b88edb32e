//! The provider's base weights, and the proof of an enrolment against them.

use std::path::Path;

use safetensors::tensor::Dtype;

use super::parts::{client_id, message, messages};
use super::{Frame, Made, Model};
use crate::artefact::{bad_input, Container};
use crate::chunk::message::POINT;
use crate::chunk::{bits, ChunkLayout};
use crate::error::Result;

const FIELDS: [&str; 10] = [
    "created",
    "distance",
    "enrol_tables_digest",
    "layout",
    "model",
    "preset",
    "signer",
    "srs_digest",
    "srs_insecure",
    "tables_digest",
];
const PROOF_FIELDS: [&str; 9] = [
    "base_digest",
    "chunks",
    "client_id",
    "enrol_tables_digest",
    "enrolment_digest",
    "insecure",
    "preset",
    "srs_digest",
    "state_digest",
];

/// What stands before the weights in the digest that names them.
const WEIGHTS_CONTEXT: &[u8] = b"zkapex.base/1\0";

/// The provider's base weights: public, committed once for the fleet without blinding.
pub struct Base {
    pub file: Container,
    pub frame: Frame,
    pub model: Model,
    /// Tables of the online relation, and SRS.
    pub made: Made,
    /// Tables of the enrolment relation.
    pub enrol_tables: [u8; 32],
    /// D0 of each chunk: how far, squared, an enrolled model may lie from the base.
    pub distance: Vec<u128>,
}

impl Base {
    /// Opens a signed base; D0 has at most `distance_bits` bits. `Error::Refused` where the key that it names did not sign it.
    pub fn open(path: &Path, layout: &ChunkLayout, distance_bits: usize) -> Result<Self> {
        let base = Self::read(path, layout, distance_bits, &["c_base", "theta0"])?;
        base.file.expect("c_base", Dtype::U8, &[base.frame.chunks.len(), layout.lanes, POINT])?;
        base.file.expect_signed()?;
        Ok(base)
    }

    /// Opens a base whose commitments are still to be made.
    pub fn open_draft(path: &Path, layout: &ChunkLayout, distance_bits: usize) -> Result<Self> {
        Self::read(path, layout, distance_bits, &["theta0"])
    }

    fn read(path: &Path, layout: &ChunkLayout, distance_bits: usize, tensors: &[&str]) -> Result<Self> {
        let file = Container::open(path, "base")?;
        file.expect_fields(&FIELDS)?;
        file.expect_only(tensors)?;
        let frame = Frame::read(&file, layout)?;
        let header = file.header();
        header.digest("signer")?;
        let distance = header.integers("distance", 1, bits::largest(distance_bits))?;
        if distance.len() != frame.chunks.len() {
            return Err(bad_input(path, "distance", distance.len(), "one distance a chunk is expected"));
        }
        file.expect("theta0", Dtype::I32, &[frame.weights])?;
        let (model, made, enrol_tables) =
            (Model::read(header)?, Made::read(header)?, header.digest("enrol_tables_digest")?);
        if file.named_hash(WEIGHTS_CONTEXT, "theta0")? != model.base {
            let message = "does not name the weights that the file holds";
            return Err(bad_input(path, "model.base_digest", hex::encode(model.base), message));
        }
        Ok(Base { frame, model, made, enrol_tables, distance, file })
    }
}

/// The proofs of all chunks of an enrolment.
pub struct EnrolmentProof {
    pub file: Container,
    pub client: String,
    pub enrolment: [u8; 32],
    pub base: [u8; 32],
    /// The state that a re-enrolment replaces; `None` for a first enrolment.
    pub state: Option<[u8; 32]>,
    pub enrol_tables: [u8; 32],
    pub srs: [u8; 32],
    pub insecure: bool,
    pub chunks: Vec<usize>,
}

impl EnrolmentProof {
    pub fn open(path: &Path, layout: &ChunkLayout) -> Result<Self> {
        let file = Container::open(path, "enrolment-proof")?;
        file.expect_fields(&PROOF_FIELDS)?;
        let header = file.header();
        header.expect_str("preset", &layout.preset)?;
        let client = client_id(&file)?;
        let digest = |name| header.digest(name);
        let (enrolment, base) = (digest("enrolment_digest")?, digest("base_digest")?);
        let state = if header.text("state_digest")?.is_empty() { None } else { Some(digest("state_digest")?) };
        let (enrol_tables, srs) = (digest("enrol_tables_digest")?, digest("srs_digest")?);
        let (insecure, chunks) = (header.flag("insecure")?, messages(&file)?);
        Ok(EnrolmentProof { client, enrolment, base, state, enrol_tables, srs, insecure, chunks, file })
    }

    /// The message of one chunk.
    pub fn message(&self, chunk: usize) -> Result<Vec<u8>> {
        message(&self.file, chunk)
    }
}
