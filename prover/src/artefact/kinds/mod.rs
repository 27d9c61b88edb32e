//! The artefacts that proving and verifying read, each parsed once into bounded, typed values.

mod base;
mod client;
mod request;

use std::path::Path;

pub use base::{Base, EnrolmentProof};
pub use client::{gradients_name, on_grid, Enrolment, Secret, State, Update};
pub use request::{forget_name, Bundle, Request};

use super::bad_input;
use super::container::Container;
use super::fields::Fields;
use crate::chunk::{files, ChunkLayout};
use crate::error::Result;

/// Uncompressed point, 96 bytes.
pub const UNCOMPRESSED: usize = 96;
/// Largest damping that a statement accepts.
pub const MAX_GAMMA: u128 = 1 << 39;
const MAX_CHUNKS: usize = 1 << 20;
const MAX_MESSAGE: usize = 1 << 20;

/// Names of preset, tables and SRS, and the chunks of the target weights: the same in every artefact of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub preset: String,
    pub chunks: Vec<usize>,
    pub weights: usize,
}

impl Frame {
    fn read(container: &Container, layout: &ChunkLayout) -> Result<Self> {
        let header = container.header();
        let preset = header.text("preset")?.to_owned();
        let frame = Self::read_layout(container, layout)?;
        header.expect_str("preset", &layout.preset)?;
        Ok(Frame { preset, ..frame })
    }

    fn read_layout(container: &Container, layout: &ChunkLayout) -> Result<Self> {
        let fields = container.header().child("layout")?;
        let chunks = fields.counts("chunks")?;
        let weights = fields.integer("weights", 1, 1 << 40)? as usize;
        let even = chunks.iter().max().zip(chunks.iter().min()).is_some_and(|(max, min)| max - min <= 1);
        let fits = chunks.iter().all(|d| (1..=layout.capacity()).contains(d));
        if chunks.len() > MAX_CHUNKS || chunks.iter().sum::<usize>() != weights || !fits || !even {
            let message =
                format!("chunks must be even, at most {} weights each, and add up to the weights", layout.capacity());
            return Err(bad_input(container.path(), "layout.chunks", format!("{} chunks", chunks.len()), message));
        }
        Ok(Frame { preset: layout.preset.clone(), chunks, weights })
    }

    /// First weight of a chunk.
    pub fn start(&self, chunk: usize) -> usize {
        self.chunks[..chunk].iter().sum()
    }

    /// Bytes of a mask over all weights.
    pub fn mask_bytes(&self) -> usize {
        self.weights.div_ceil(8)
    }
}

/// Digests of tables and SRS that an artefact was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub tables: [u8; 32],
    pub srs: [u8; 32],
}

impl Made {
    fn read(header: &Fields) -> Result<Self> {
        Ok(Made { tables: header.digest("tables_digest")?, srs: header.digest("srs_digest")? })
    }

    /// The file must be made with these tables and this SRS.
    pub fn expect(&self, file: &Container, wanted: &Made) -> Result<()> {
        files::expect_digest(file, "tables_digest", &self.tables, &wanted.tables)?;
        files::expect_digest(file, "srs_digest", &self.srs, &wanted.srs)
    }
}

fn client_id(file: &Container) -> Result<String> {
    let id = file.header().text("client_id")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
        return Err(bad_input(file.path(), "client_id", id, "a client id is 1 to 64 letters, digits, '.', '_' or '-'"));
    }
    Ok(id.to_owned())
}

/// Points of an artefact, checked once at admission and kept uncompressed.
pub struct Points {
    pub file: Container,
}

impl Points {
    /// Opens the points of the artefact with digest `of`.
    pub fn open(path: &Path, of: &[u8; 32]) -> Result<Self> {
        let file = Container::open(path, "points")?;
        file.header().expect_str("of", &hex::encode(of))?;
        Ok(Points { file })
    }
}

/// Bit `index` of a little-endian bit mask.
pub fn bit(mask: &[u8], index: usize) -> bool {
    mask[index / 8] >> (index % 8) & 1 == 1
}

/// The message of one chunk from an artefact that holds proofs.
fn read_proof(file: &Container, chunk: usize) -> Result<Vec<u8>> {
    let name = format!("proof.{chunk:05}");
    let bytes = file.read_all(&name)?;
    if bytes.is_empty() || bytes.len() > MAX_MESSAGE {
        return Err(bad_input(file.path(), name, bytes.len(), "a chunk's proof is missing or has an impossible size"));
    }
    Ok(bytes)
}
