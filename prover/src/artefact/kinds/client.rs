//! What belongs to one client: enrolment, secret, the ledger's state, the update.

use std::path::Path;

use safetensors::tensor::Dtype;

use super::parts::client_id;
use super::{Frame, Made, Model, MAX_GAMMA};
use crate::artefact::{bad_input, Container};
use crate::chunk::message::POINT;
use crate::chunk::ChunkLayout;
use crate::error::Result;

const ENROLMENT_FIELDS: [&str; 11] = [
    "client_id",
    "created",
    "fixed_point_bits",
    "gamma",
    "layout",
    "model",
    "nonce",
    "preset",
    "srs_digest",
    "srs_insecure",
    "tables_digest",
];

/// A client's commitments, made before any mask.
pub struct Enrolment {
    pub file: Container,
    pub client: String,
    pub frame: Frame,
    pub model: Model,
    pub made: Made,
    pub gamma: Vec<u64>,
}

impl Enrolment {
    pub fn open(path: &Path, layout: &ChunkLayout) -> Result<Self> {
        let file = Container::open(path, "enrolment")?;
        file.expect_fields(&ENROLMENT_FIELDS)?;
        file.expect_only(&["c_theta", "c_gradients"])?;
        file.header().digest("nonce")?;
        file.header().expect_str("fixed_point_bits", "16")?;
        let frame = Frame::read(&file, layout)?;
        let gamma = read_gamma(&file, &frame)?;
        file.expect("c_theta", Dtype::U8, &[frame.chunks.len(), layout.lanes, POINT])?;
        file.expect("c_gradients", Dtype::U8, &[frame.chunks.len(), layout.client_rows, layout.lanes, POINT])?;
        let client = client_id(&file)?;
        let (model, made) = (Model::read(file.header())?, Made::read(file.header())?);
        Ok(Enrolment { client, frame, model, made, gamma, file })
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
        file.expect_fields(&["client_id", "enrolment_digest", "gamma", "layout", "preset"])?;
        let frame = Frame::read(&file, layout)?;
        let gamma = read_gamma(&file, &frame)?;
        file.expect("theta", Dtype::I32, &[frame.weights])?;
        file.expect("theta_seeds", Dtype::U8, &[frame.chunks.len(), 32])?;
        file.expect("gradient_seed", Dtype::U8, &[32])?;
        let mut tensors = ["theta", "theta_seeds", "gradient_seed"].map(String::from).to_vec();
        for (chunk, weights) in frame.chunks.iter().enumerate() {
            tensors.push(gradients_name(chunk));
            file.expect(&gradients_name(chunk), Dtype::I8, &[layout.client_rows, *weights])?;
        }
        file.expect_only(&tensors)?;
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
        file.expect_fields(&["client_id", "enrolment_digest", "head", "layout", "position"])?;
        file.expect_only(&["c_theta", "cumulative"])?;
        file.header().digest("head")?;
        let frame = Frame::read_layout(&file, layout)?;
        let enrolment = file.header().digest("enrolment_digest")?;
        file.header().integer("position", 0, 1 << 32)?;
        file.expect("c_theta", Dtype::U8, &[frame.chunks.len(), layout.lanes, POINT])?;
        file.expect("cumulative", Dtype::U8, &[frame.mask_bytes()])?;
        frame.expect_unused_bits(&file, "cumulative")?;
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
        file.expect_fields(&["client_id", "enrolment_digest", "request_digest", "state_digest"])?;
        let client = client_id(&file)?;
        let digest = |name| file.header().digest(name);
        let (request, enrolment, state) =
            (digest("request_digest")?, digest("enrolment_digest")?, digest("state_digest")?);
        Ok(Update { client, request, enrolment, state, file })
    }
}
