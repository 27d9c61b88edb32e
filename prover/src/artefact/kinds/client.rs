//! What belongs to one client: enrolment, secret, the ledger's state, the update.

use std::path::Path;

use safetensors::tensor::Dtype;

use super::{client_id, Frame, Made, MAX_GAMMA};
use crate::artefact::{bad_input, Container};
use crate::chunk::message::POINT;
use crate::chunk::ChunkLayout;
use crate::error::Result;

/// A client's commitments, made before any mask.
pub struct Enrolment {
    pub file: Container,
    pub client: String,
    pub frame: Frame,
    pub made: Made,
    pub gamma: Vec<u64>,
}

impl Enrolment {
    pub fn open(path: &Path, layout: &ChunkLayout) -> Result<Self> {
        let file = Container::open(path, "enrolment")?;
        let frame = Frame::read(&file, layout)?;
        let gamma = read_gamma(&file, &frame)?;
        file.expect("c_theta", Dtype::U8, &[frame.chunks.len(), layout.lanes, POINT])?;
        file.expect("c_gradients", Dtype::U8, &[frame.chunks.len(), layout.client_rows, layout.lanes, POINT])?;
        let client = client_id(&file)?;
        let made = Made::read(file.header())?;
        Ok(Enrolment { client, frame, made, gamma, file })
    }

    /// Digest of the provider's base artefact that the client started from.
    pub fn base(&self) -> Result<[u8; 32]> {
        self.file.header().child("model")?.digest("base_digest")
    }
}

fn read_gamma(file: &Container, frame: &Frame) -> Result<Vec<u64>> {
    let gamma = file.header().integers("gamma", 1, MAX_GAMMA)?;
    if gamma.len() != frame.chunks.len() {
        return Err(bad_input(file.path(), "gamma", gamma.len(), "one damping a chunk is expected"));
    }
    if let Some(off) = gamma.iter().find(|g| !on_grid(**g)) {
        return Err(bad_input(file.path(), "gamma", off, "the damping is not on the public grid 2^j, 3·2^j"));
    }
    Ok(gamma.into_iter().map(|g| g as u64).collect())
}

/// The public grid of dampings: 2^j and 3·2^j. A coarse grid leaks little of the size of the gradients.
pub fn on_grid(gamma: u128) -> bool {
    let odd = gamma >> gamma.trailing_zeros().min(127);
    gamma > 0 && (odd == 1 || odd == 3)
}

/// What a client keeps to itself: weights, gradient rows and seeds of blinding.
pub struct Secret {
    pub file: Container,
    pub client: String,
    pub frame: Frame,
    pub gamma: Vec<u64>,
}

impl Secret {
    pub fn open(path: &Path, layout: &ChunkLayout) -> Result<Self> {
        let file = Container::open(path, "secret")?;
        let frame = Frame::read(&file, layout)?;
        let gamma = read_gamma(&file, &frame)?;
        file.expect("theta", Dtype::I32, &[frame.weights])?;
        file.expect("theta_seeds", Dtype::U8, &[frame.chunks.len(), 32])?;
        file.expect("gradient_seed", Dtype::U8, &[32])?;
        for (chunk, weights) in frame.chunks.iter().enumerate() {
            file.expect(&gradients_name(chunk), Dtype::I8, &[layout.client_rows, *weights])?;
        }
        let client = client_id(&file)?;
        Ok(Secret { client, frame, gamma, file })
    }
}

/// Tensor of one chunk's gradient rows.
pub fn gradients_name(chunk: usize) -> String {
    format!("gradients.{chunk:05}")
}

/// What the provider's ledger holds of a client now: commitments of θ̂p and all weights forgotten so far.
pub struct State {
    pub file: Container,
    pub client: String,
    pub enrolment: [u8; 32],
    pub frame: Frame,
}

impl State {
    pub fn open(path: &Path, layout: &ChunkLayout) -> Result<Self> {
        let file = Container::open(path, "state")?;
        let frame = Frame::read_layout(&file, layout)?;
        let enrolment = file.header().digest("enrolment_digest")?;
        file.header().integer("position", 0, 1 << 32)?;
        file.expect("c_theta", Dtype::U8, &[frame.chunks.len(), layout.lanes, POINT])?;
        file.expect("cumulative", Dtype::U8, &[frame.mask_bytes()])?;
        let client = client_id(&file)?;
        Ok(State { client, enrolment, frame, file })
    }
}

/// The client's new weights and its rounding of ⟨Ĝ_k, δ*⟩; secret.
pub struct Update {
    pub file: Container,
    pub client: String,
    pub request: [u8; 32],
    pub enrolment: [u8; 32],
    pub state: [u8; 32],
}

impl Update {
    pub fn open(path: &Path) -> Result<Self> {
        let file = Container::open(path, "update")?;
        let client = client_id(&file)?;
        let digest = |name| file.header().digest(name);
        let (request, enrolment, state) =
            (digest("request_digest")?, digest("enrolment_digest")?, digest("state_digest")?);
        Ok(Update { client, request, enrolment, state, file })
    }
}
