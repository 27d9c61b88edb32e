//! Admission: hostile commitments are checked once, point by point, and kept uncompressed for every later proof.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{json, Value};

use super::context::{Context, Setup};
use super::request::{forget_commitments, free_commitments};
use crate::artefact::kinds::{Enrolment, Request, UNCOMPRESSED};
use crate::artefact::writer::{header, Writer};
use crate::artefact::{bad_input, Container};
use crate::commit;
use crate::error::Result;
use crate::progress::{peak_rss_bytes, Mode, Progress};

#[derive(clap::Args)]
pub struct EnrolmentArgs {
    #[command(flatten)]
    setup: Setup,
    #[arg(long)]
    enrolment: PathBuf,
    /// Where the points go.
    #[arg(long)]
    out: PathBuf,
}

/// Checks encoding, curve and subgroup of every commitment.
pub fn enrolment(args: &EnrolmentArgs, mode: Mode) -> Result<Value> {
    let context = Context::open(&args.setup)?;
    let enrolment = Enrolment::open(&args.enrolment, &context.layout)?;
    let (chunks, lanes, rows) = (enrolment.frame.chunks.len(), context.layout.lanes, context.layout.client_rows);
    let start = Instant::now();
    let mut progress = Progress::new(mode, "admit-enrolment", chunks, enrolment.frame.weights);
    let mut writer = Writer::new(&args.out)?;
    let parse = |tensor: &str, chunk: usize| {
        let bytes = enrolment.file.read_slice(tensor, chunk)?;
        commit::parse_compressed_checked(&bytes)
            .map_err(|e| e.at_field(format!("{tensor}[{chunk}]")).at_file(enrolment.file.path()))
    };
    let gradients = (0..chunks).map(|chunk| {
        parse("c_theta", chunk)?;
        let points = parse("c_gradients", chunk)?;
        progress.advance(enrolment.frame.chunks[chunk]);
        Ok(commit::uncompressed(&commit::to_affine(&points)))
    });
    writer.tensor("c_gradients", &[chunks, rows, lanes, UNCOMPRESSED], gradients)?;
    writer.finish_artefact("points", header(&[("of", hex::encode(enrolment.file.digest()))]))?;
    Ok(
        json!({"chunks": chunks, "digest": hex::encode(enrolment.file.digest()), "seconds": start.elapsed().as_secs_f64(),
              "peak_rss_bytes": peak_rss_bytes()}),
    )
}

#[derive(clap::Args)]
pub struct RequestArgs {
    #[command(flatten)]
    setup: Setup,
    #[arg(long)]
    request: PathBuf,
    /// Where the points go.
    #[arg(long)]
    out: PathBuf,
}

/// Recomputes the request's commitments from its public values; they must be equal.
pub fn request(args: &RequestArgs, mode: Mode) -> Result<Value> {
    let context = Context::open(&args.setup)?;
    let request = Request::open(&args.request, context.online()?)?;
    let (touched, lanes, rows) = (request.touched.len(), context.layout.lanes, context.layout.forget_rows);
    let start = Instant::now();
    let weights = request.touched.iter().map(|c| request.frame.chunks[*c]).sum();
    let mut progress = Progress::new(mode, "admit-request", touched, weights);
    let mut writer = Writer::new(&args.out)?;
    let free = request.touched.iter().enumerate().map(|(index, chunk)| {
        let points = free_commitments(&context, &request, *chunk)?;
        compare(&request.file, "c_free", index, &commit::compress(&points))?;
        Ok(commit::uncompressed(&commit::to_affine(&points)))
    });
    writer.tensor("c_free", &[touched, lanes, UNCOMPRESSED], free)?;
    let forget = request.touched.iter().enumerate().map(|(index, chunk)| {
        let points = forget_commitments(&context, &request, *chunk)?;
        compare(&request.file, "c_forget", index, &commit::compress(&points))?;
        progress.advance(request.frame.chunks[*chunk]);
        Ok(commit::uncompressed(&commit::to_affine(&points)))
    });
    writer.tensor("c_forget", &[touched, rows, lanes, UNCOMPRESSED], forget)?;
    writer.finish_artefact("points", header(&[("of", hex::encode(request.file.digest()))]))?;
    Ok(
        json!({"chunks": touched, "digest": hex::encode(request.file.digest()), "seconds": start.elapsed().as_secs_f64(),
              "peak_rss_bytes": peak_rss_bytes()}),
    )
}

pub fn compare(file: &Container, tensor: &str, index: usize, computed: &[u8]) -> Result<()> {
    if file.read_slice(tensor, index)? == computed {
        return Ok(());
    }
    Err(bad_input(file.path(), format!("{tensor}[{index}]"), "", "the commitment is not that of the file's own values"))
}
