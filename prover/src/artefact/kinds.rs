//! The artefacts that proving and verifying read, each parsed once into bounded, typed values.

use std::path::Path;

use safetensors::tensor::Dtype;

use super::container::Container;
use super::fields::Fields;
use super::bad_input;
use crate::error::Result;
use crate::online::message::POINT;
use crate::online::Layout;

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
    fn read(container: &Container, layout: &Layout) -> Result<Self> {
        let header = container.header();
        let preset = header.text("preset")?.to_owned();
        let frame = Self::read_layout(container, layout)?;
        header.expect_str("preset", &layout.preset)?;
        Ok(Frame { preset, ..frame })
    }

    fn read_layout(container: &Container, layout: &Layout) -> Result<Self> {
        let fields = container.header().child("layout")?;
        let chunks = fields.counts("chunks")?;
        let weights = fields.integer("weights", 1, 1 << 40)? as usize;
        let even = chunks.iter().max().zip(chunks.iter().min()).is_some_and(|(max, min)| max - min <= 1);
        let fits = chunks.iter().all(|d| (1..=layout.capacity()).contains(d));
        if chunks.len() > MAX_CHUNKS || chunks.iter().sum::<usize>() != weights || !fits || !even {
            let message = format!("chunks must be even, at most {} weights each, and add up to the weights", layout.capacity());
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
}

/// A client's commitments, made before any mask.
pub struct Enrolment {
    pub file: Container,
    pub client: String,
    pub frame: Frame,
    pub made: Made,
    pub gamma: Vec<u64>,
}

impl Enrolment {
    pub fn open(path: &Path, layout: &Layout) -> Result<Self> {
        let file = Container::open(path, "enrolment")?;
        let frame = Frame::read(&file, layout)?;
        let gamma = read_gamma(&file, &frame)?;
        file.expect("c_theta", Dtype::U8, &[frame.chunks.len(), layout.lanes, POINT])?;
        file.expect("c_gradients", Dtype::U8, &[frame.chunks.len(), layout.client_rows, layout.lanes, POINT])?;
        let client = client_id(&file)?;
        let made = Made::read(file.header())?;
        Ok(Enrolment { client, frame, made, gamma, file })
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

fn client_id(file: &Container) -> Result<String> {
    let id = file.header().text("client_id")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
        return Err(bad_input(file.path(), "client_id", id, "a client id is 1 to 64 letters, digits, '.', '_' or '-'"));
    }
    Ok(id.to_owned())
}

/// What a client keeps to itself: weights, gradient rows and seeds of blinding.
pub struct Secret {
    pub file: Container,
    pub client: String,
    pub frame: Frame,
    pub gamma: Vec<u64>,
}

impl Secret {
    pub fn open(path: &Path, layout: &Layout) -> Result<Self> {
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

/// Tensor of one chunk's forget rows.
pub fn forget_name(chunk: usize) -> String {
    format!("h.{chunk:05}")
}

/// A deletion request: mask, forget rows, budgets, and the commitments made once for the fleet.
pub struct Request {
    pub file: Container,
    pub frame: Frame,
    pub made: Made,
    pub touched: Vec<usize>,
    /// D of each touched chunk.
    pub budget: Vec<u128>,
}

impl Request {
    /// Opens a signed request.
    pub fn open(path: &Path, layout: &Layout) -> Result<Self> {
        let request = Self::open_draft(path, layout)?;
        let touched = request.touched.len();
        request.file.expect("c_free", Dtype::U8, &[touched, layout.lanes, POINT])?;
        request.file.expect("c_forget", Dtype::U8, &[touched, layout.forget_rows, layout.lanes, POINT])?;
        Ok(request)
    }

    /// Opens a request whose commitments are still to be made.
    pub fn open_draft(path: &Path, layout: &Layout) -> Result<Self> {
        let file = Container::open(path, "request")?;
        let frame = Frame::read(&file, layout)?;
        let header = file.header();
        header.digest("nonce")?;
        let rules = header.child("rules")?;
        rules.expect_str("t1", "gamma^2*d/8")?;
        rules.expect_str("t2", "32*rows*gamma")?;
        let touched = header.counts("touched")?;
        if touched.is_empty() || touched.windows(2).any(|w| w[0] >= w[1]) || touched.last().is_some_and(|c| *c >= frame.chunks.len()) {
            return Err(bad_input(path, "touched", format!("{touched:?}"), "chunks must ascend and exist, and there must be one"));
        }
        let budget = header.integers("budget", 1, (1 << layout.slack_bits[2]) - 1)?;
        if budget.len() != touched.len() {
            return Err(bad_input(path, "budget", budget.len(), "one budget for each touched chunk is expected"));
        }
        file.expect("mask", Dtype::U8, &[frame.mask_bytes()])?;
        for chunk in &touched {
            file.expect(&forget_name(*chunk), Dtype::I8, &[layout.forget_rows, frame.chunks[*chunk]])?;
        }
        let made = Made::read(header)?;
        Ok(Request { frame, made, touched, budget, file })
    }

    /// Position of a chunk among the touched ones.
    pub fn index_of(&self, chunk: usize) -> Option<usize> {
        self.touched.binary_search(&chunk).ok()
    }
}

/// What the provider's ledger holds of a client now: commitments of θ̂p and all weights forgotten so far.
pub struct State {
    pub file: Container,
    pub client: String,
    pub enrolment: [u8; 32],
    pub frame: Frame,
}

impl State {
    pub fn open(path: &Path, layout: &Layout) -> Result<Self> {
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
        let (request, enrolment, state) = (digest("request_digest")?, digest("enrolment_digest")?, digest("state_digest")?);
        Ok(Update { client, request, enrolment, state, file })
    }
}

/// The proofs of all touched chunks.
pub struct Bundle {
    pub file: Container,
    pub client: String,
    pub request: [u8; 32],
    pub enrolment: [u8; 32],
    pub state: [u8; 32],
    pub made: Made,
    pub insecure: bool,
    pub chunks: Vec<usize>,
}

impl Bundle {
    pub fn open(path: &Path, layout: &Layout) -> Result<Self> {
        let file = Container::open(path, "bundle")?;
        let header = file.header();
        header.expect_str("preset", &layout.preset)?;
        let client = client_id(&file)?;
        let digest = |name| header.digest(name);
        let (request, enrolment, state) = (digest("request_digest")?, digest("enrolment_digest")?, digest("state_digest")?);
        let (made, insecure, chunks) = (Made::read(header)?, header.flag("insecure")?, header.counts("chunks")?);
        Ok(Bundle { client, request, enrolment, state, made, insecure, chunks, file })
    }

    /// The message of one chunk.
    pub fn message(&self, chunk: usize) -> Result<Vec<u8>> {
        let name = format!("proof.{chunk:05}");
        let bytes = self.file.read_all(&name)?;
        if bytes.is_empty() || bytes.len() > MAX_MESSAGE {
            return Err(bad_input(self.file.path(), name, bytes.len(), "a chunk's proof is missing or has an impossible size"));
        }
        Ok(bytes)
    }
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
