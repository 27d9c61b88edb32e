//! The provider's request and the answer to it.

use std::path::Path;

use safetensors::tensor::Dtype;

use super::{client_id, read_proof, Frame, Made};
use crate::artefact::{bad_input, Container};
use crate::chunk::message::POINT;
use crate::chunk::{bits, ChunkLayout};
use crate::error::Result;
use crate::online;

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
    pub fn open(path: &Path, layout: &online::Layout) -> Result<Self> {
        let request = Self::open_draft(path, layout)?;
        let touched = request.touched.len();
        request.file.expect("c_free", Dtype::U8, &[touched, layout.lanes, POINT])?;
        request.file.expect("c_forget", Dtype::U8, &[touched, layout.forget_rows, layout.lanes, POINT])?;
        Ok(request)
    }

    /// Opens a request whose commitments are still to be made.
    pub fn open_draft(path: &Path, layout: &online::Layout) -> Result<Self> {
        let file = Container::open(path, "request")?;
        let frame = Frame::read(&file, layout)?;
        let header = file.header();
        header.digest("nonce")?;
        let rules = header.child("rules")?;
        rules.expect_str("t1", "gamma^2*d/8")?;
        rules.expect_str("t2", "32*rows*gamma")?;
        let touched = header.counts("touched")?;
        if touched.is_empty()
            || touched.windows(2).any(|w| w[0] >= w[1])
            || touched.last().is_some_and(|c| *c >= frame.chunks.len())
        {
            return Err(bad_input(
                path,
                "touched",
                format!("{touched:?}"),
                "chunks must ascend and exist, and there must be one",
            ));
        }
        let budget = header.integers("budget", 1, bits::largest(layout.slack_bits[2]))?;
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
    pub fn open(path: &Path, layout: &ChunkLayout) -> Result<Self> {
        let file = Container::open(path, "bundle")?;
        let header = file.header();
        header.expect_str("preset", &layout.preset)?;
        let client = client_id(&file)?;
        let digest = |name| header.digest(name);
        let (request, enrolment, state) =
            (digest("request_digest")?, digest("enrolment_digest")?, digest("state_digest")?);
        let (made, insecure, chunks) = (Made::read(header)?, header.flag("insecure")?, header.counts("chunks")?);
        Ok(Bundle { client, request, enrolment, state, made, insecure, chunks, file })
    }

    /// The message of one chunk.
    pub fn message(&self, chunk: usize) -> Result<Vec<u8>> {
        read_proof(&self.file, chunk)
    }
}
