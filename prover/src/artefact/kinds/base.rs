//! The provider's base weights, and the proof of an enrolment against them.

use std::path::Path;

use safetensors::tensor::Dtype;

use super::{client_id, read_proof, Frame};
use crate::artefact::{bad_input, Container};
use crate::chunk::message::POINT;
use crate::chunk::{bits, ChunkLayout};
use crate::error::Result;

/// The provider's base weights: public, committed once for the fleet without blinding.
pub struct Base {
    pub file: Container,
    pub frame: Frame,
    /// Tables of the online relation.
    pub tables: [u8; 32],
    /// Tables of the enrolment relation.
    pub enrol_tables: [u8; 32],
    pub srs: [u8; 32],
    /// D0 of each chunk: how far, squared, an enrolled model may lie from the base.
    pub distance: Vec<u128>,
}

impl Base {
    /// Opens a signed base; D0 has at most `distance_bits` bits.
    pub fn open(path: &Path, layout: &ChunkLayout, distance_bits: usize) -> Result<Self> {
        let base = Self::open_draft(path, layout, distance_bits)?;
        base.file.expect("c_base", Dtype::U8, &[base.frame.chunks.len(), layout.lanes, POINT])?;
        Ok(base)
    }

    /// Opens a base whose commitments are still to be made.
    pub fn open_draft(path: &Path, layout: &ChunkLayout, distance_bits: usize) -> Result<Self> {
        let file = Container::open(path, "base")?;
        let frame = Frame::read(&file, layout)?;
        let header = file.header();
        let distance = header.integers("distance", 1, bits::largest(distance_bits))?;
        if distance.len() != frame.chunks.len() {
            return Err(bad_input(path, "distance", distance.len(), "one distance a chunk is expected"));
        }
        file.expect("theta0", Dtype::I32, &[frame.weights])?;
        let digest = |name| header.digest(name);
        let (tables, enrol_tables, srs) =
            (digest("tables_digest")?, digest("enrol_tables_digest")?, digest("srs_digest")?);
        Ok(Base { frame, tables, enrol_tables, srs, distance, file })
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
        let header = file.header();
        header.expect_str("preset", &layout.preset)?;
        let client = client_id(&file)?;
        let digest = |name| header.digest(name);
        let (enrolment, base) = (digest("enrolment_digest")?, digest("base_digest")?);
        let state = if header.text("state_digest")?.is_empty() { None } else { Some(digest("state_digest")?) };
        let (enrol_tables, srs) = (digest("enrol_tables_digest")?, digest("srs_digest")?);
        let (insecure, chunks) = (header.flag("insecure")?, header.counts("chunks")?);
        Ok(EnrolmentProof { client, enrolment, base, state, enrol_tables, srs, insecure, chunks, file })
    }

    /// The message of one chunk.
    pub fn message(&self, chunk: usize) -> Result<Vec<u8>> {
        read_proof(&self.file, chunk)
    }
}
