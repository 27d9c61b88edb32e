//! `commit-base` and `admit-base`: commitments of the provider's base weights, made once for the fleet. Public values, no
//! blinding.

use std::path::PathBuf;
use std::time::Instant;

use midnight_curves::G1Projective;
use rayon::prelude::*;
use serde_json::{json, Value};

use super::admit::compare;
use super::context::{Context, Relation, Setup};
use crate::artefact::bad_input;
use crate::artefact::kinds::{Base, UNCOMPRESSED};
use crate::artefact::writer::{header, Writer};
use crate::chunk::files;
use crate::chunk::message::POINT;
use crate::commit;
use crate::error::Result;
use crate::progress::{peak_rss_bytes, Mode, Progress};

#[derive(clap::Args)]
pub struct CommitArgs {
    #[command(flatten)]
    setup: Setup,
    /// The base without its commitments.
    #[arg(long)]
    draft: PathBuf,
    /// Where the commitments go: safetensors with c_base.
    #[arg(long)]
    out: PathBuf,
}

/// Commits to the base weights by chunk and lane.
pub fn commit_base(args: &CommitArgs, mode: Mode) -> Result<Value> {
    let context = Context::open(&args.setup)?;
    let draft = Base::open_draft(&args.draft, &context.layout, distance_bits(&context))?;
    check_made(&context, &draft)?;
    let (chunks, start) = (draft.frame.chunks.len(), Instant::now());
    let mut progress = Progress::new(mode, "commit-base", chunks, draft.frame.weights);
    let mut writer = Writer::new(&args.out)?;
    let points = (0..chunks).map(|chunk| {
        let points = commitments(&context, &draft, chunk)?;
        progress.advance(draft.frame.chunks[chunk]);
        Ok(commit::compress(&points))
    });
    writer.tensor("c_base", &[chunks, context.layout.lanes, POINT], points)?;
    writer.finish_plain()?;
    Ok(json!({"chunks": chunks, "weights": draft.frame.weights, "seconds": start.elapsed().as_secs_f64(),
              "peak_rss_bytes": peak_rss_bytes()}))
}

#[derive(clap::Args)]
pub struct AdmitArgs {
    #[command(flatten)]
    setup: Setup,
    #[arg(long)]
    base: PathBuf,
    /// Where the points go.
    #[arg(long)]
    out: PathBuf,
}

/// Recomputes the base's commitments from its weights; they must be equal.
pub fn admit(args: &AdmitArgs, mode: Mode) -> Result<Value> {
    let context = Context::open(&args.setup)?;
    let base = Base::open(&args.base, &context.layout, distance_bits(&context))?;
    check_made(&context, &base)?;
    let (chunks, start) = (base.frame.chunks.len(), Instant::now());
    let mut progress = Progress::new(mode, "admit-base", chunks, base.frame.weights);
    let mut writer = Writer::new(&args.out)?;
    let points = (0..chunks).map(|chunk| {
        let points = commitments(&context, &base, chunk)?;
        compare(&base.file, "c_base", chunk, &commit::compress(&points))?;
        progress.advance(base.frame.chunks[chunk]);
        Ok(commit::uncompressed(&commit::to_affine(&points)))
    });
    writer.tensor("c_base", &[chunks, context.layout.lanes, UNCOMPRESSED], points)?;
    writer.finish_artefact("points", header(&[("of", hex::encode(base.file.digest()))]))?;
    Ok(json!({"chunks": chunks, "digest": hex::encode(base.file.digest()), "seconds": start.elapsed().as_secs_f64(),
              "peak_rss_bytes": peak_rss_bytes()}))
}

/// Width of D0; the online tables do not state it, and their commands do not use it.
fn distance_bits(context: &Context) -> usize {
    match &context.relation {
        Relation::Enrolment(layout) => layout.distance_bits,
        Relation::Online(_) => 120,
    }
}

/// The base must name these tables, of either relation, and this SRS.
fn check_made(context: &Context, base: &Base) -> Result<()> {
    let (field, found) = match &context.relation {
        Relation::Enrolment(_) => ("enrol_tables_digest", &base.enrol_tables),
        Relation::Online(_) => ("tables_digest", &base.made.tables),
    };
    files::expect_digest(&base.file, field, found, &context.tables.digest)?;
    files::expect_digest(&base.file, "srs_digest", &base.made.srs, &context.srs.digest)
}

/// Com(θ̂0) of one chunk, by lane.
fn commitments(context: &Context, base: &Base, chunk: usize) -> Result<Vec<G1Projective>> {
    let layout = &context.layout;
    let theta = files::integers(&base.file, "theta0", &base.frame, chunk)?;
    if let Some(weight) = theta.iter().find(|t| t.unsigned_abs() >= 1 << 28) {
        return Err(bad_input(base.file.path(), "theta0", weight, "a base weight reaches 2^28"));
    }
    let lanes = layout.to_lanes(&theta.into_iter().map(i64::from).collect::<Vec<_>>(), 0)?;
    lanes.par_iter().map(|lane| context.committer.small(layout.active_start, lane)).collect()
}
