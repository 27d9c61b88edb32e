//! The provider's request and the answer to it.

use std::path::Path;

use safetensors::tensor::Dtype;

use super::parts::{client_id, message, messages, rising};
use super::{bit, Frame, Made, Model};
use crate::artefact::fields::Fields;
use crate::artefact::{bad_input, Container};
use crate::chunk::message::POINT;
use crate::chunk::{bits, ChunkLayout};
use crate::error::Result;
use crate::online;

const FIELDS: [&str; 14] = [
    "budget",
    "created",
    "forget",
    "layout",
    "model",
    "nonce",
    "preset",
    "request_id",
    "rules",
    "signer",
    "srs_digest",
    "srs_insecure",
    "tables_digest",
    "touched",
];
const BUNDLE_FIELDS: [&str; 9] = [
    "chunks",
    "client_id",
    "enrolment_digest",
    "insecure",
    "preset",
    "request_digest",
    "srs_digest",
    "state_digest",
    "tables_digest",
];

/// Tensor of one chunk's forget rows.
pub fn forget_name(chunk: usize) -> String {
    format!("h.{chunk:05}")
}

/// A deletion request: mask, forget rows, budgets, and the commitments made once for the fleet.
pub struct Request {
    pub file: Container,
    pub frame: Frame,
    pub model: Model,
    pub made: Made,
    pub touched: Vec<usize>,
    /// D of each touched chunk.
    pub budget: Vec<u128>,
}

impl Request {
    /// Opens a signed request. `Error::Refused` where the key that it names did not sign it.
    pub fn open(path: &Path, layout: &online::Layout) -> Result<Self> {
        let request = Self::read(path, layout, &["mask", "c_free", "c_forget"])?;
        let touched = request.touched.len();
        request.file.expect("c_free", Dtype::U8, &[touched, layout.lanes, POINT])?;
        request.file.expect("c_forget", Dtype::U8, &[touched, layout.forget_rows, layout.lanes, POINT])?;
        request.file.expect_signed()?;
        Ok(request)
    }

    /// Opens a request whose commitments are still to be made.
    pub fn open_draft(path: &Path, layout: &online::Layout) -> Result<Self> {
        Self::read(path, layout, &["mask"])
    }

    /// `tensors`: those beside the forget rows.
    fn read(path: &Path, layout: &online::Layout, tensors: &[&str]) -> Result<Self> {
        let file = Container::open(path, "request")?;
        file.expect_fields(&FIELDS)?;
        let frame = Frame::read(&file, layout)?;
        let header = file.header();
        check_words(header)?;
        let rules = header.child("rules")?;
        rules.expect_exactly(&["t1", "t2"])?;
        rules.expect_str("t1", "gamma^2*d/8")?;
        rules.expect_str("t2", "32*rows*gamma")?;
        let touched = header.counts("touched")?;
        if touched.is_empty() || !rising(&touched) || touched.last().is_some_and(|c| *c >= frame.chunks.len()) {
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
        let mut names: Vec<String> = tensors.iter().map(|name| (*name).to_owned()).collect();
        for chunk in &touched {
            names.push(forget_name(*chunk));
            file.expect(&forget_name(*chunk), Dtype::I8, &[layout.forget_rows, frame.chunks[*chunk]])?;
        }
        file.expect_only(&names)?;
        let (model, made) = (Model::read(header)?, Made::read(header)?);
        let request = Request { frame, model, made, touched, budget, file };
        request.check_mask()?;
        Ok(request)
    }

    /// The mask must zero weights of the listed chunks, each, and of no other: nobody would prove those.
    fn check_mask(&self) -> Result<()> {
        self.frame.expect_unused_bits(&self.file, "mask")?;
        let mut start = 0;
        for (chunk, weights) in self.frame.chunks.iter().enumerate() {
            let (from, end) = (start / 8, start + weights);
            let bytes = self.file.read("mask", from as u64, (end.div_ceil(8) - from) as u64)?;
            if (start..end).any(|i| bit(&bytes, i - 8 * from)) != self.index_of(chunk).is_some() {
                let message = "must be exactly the chunks whose weights the mask zeroes";
                return Err(bad_input(self.file.path(), "touched", chunk, message));
            }
            start = end;
        }
        Ok(())
    }

    /// Position of a chunk among the touched ones.
    pub fn index_of(&self, chunk: usize) -> Option<usize> {
        self.touched.binary_search(&chunk).ok()
    }
}

/// What the ledger's side reads of a request, in form.
fn check_words(header: &Fields) -> Result<()> {
    header.digest("nonce")?;
    header.digest("signer")?;
    header.printable("forget", 0, 500)?;
    let id = header.text("request_id")?;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !(1..=64).contains(&id.len()) || !id.bytes().all(plain) {
        return Err(header.error("request_id", id, "expected 1 to 64 lower-case letters, digits or '-'"));
    }
    Ok(())
}

/// The proofs of all touched chunks.
pub struct Bundle {
    pub file: Container,
    pub client: String,
    pub request: [u8; 32],
    pub enrolment: [u8; 32],
    pub state: [u8; 32],
    pub tables: [u8; 32],
    pub srs: [u8; 32],
    pub insecure: bool,
    pub chunks: Vec<usize>,
}

impl Bundle {
    pub fn open(path: &Path, layout: &ChunkLayout) -> Result<Self> {
        let file = Container::open(path, "bundle")?;
        file.expect_fields(&BUNDLE_FIELDS)?;
        let header = file.header();
        header.expect_str("preset", &layout.preset)?;
        let client = client_id(&file)?;
        let digest = |name| header.digest(name);
        let (request, enrolment, state) =
            (digest("request_digest")?, digest("enrolment_digest")?, digest("state_digest")?);
        let (tables, srs) = (digest("tables_digest")?, digest("srs_digest")?);
        let (insecure, chunks) = (header.flag("insecure")?, messages(&file)?);
        Ok(Bundle { client, request, enrolment, state, tables, srs, insecure, chunks, file })
    }

    /// The message of one chunk.
    pub fn message(&self, chunk: usize) -> Result<Vec<u8>> {
        message(&self.file, chunk)
    }
}
