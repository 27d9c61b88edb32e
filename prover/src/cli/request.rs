//! `commit-request`: commitments of mask and forget rows, made once for the whole fleet. Public values, no blinding.

use std::path::PathBuf;
use std::time::Instant;

use midnight_curves::G1Projective;
use rayon::prelude::*;
use serde_json::{json, Value};

use super::context::{Context, Setup};
use crate::artefact::kinds::{forget_name, Request};
use crate::artefact::writer::Writer;
use crate::chunk::message::POINT;
use crate::chunk::{files, Rows};
use crate::commit;
use crate::error::Result;
use crate::progress::{peak_rss_bytes, Mode, Progress};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    setup: Setup,
    /// The request without its commitments.
    #[arg(long)]
    draft: PathBuf,
    /// Where the commitments go: safetensors with c_free and c_forget.
    #[arg(long)]
    out: PathBuf,
}

pub fn run(args: &Args, mode: Mode) -> Result<Value> {
    let context = Context::open(&args.setup)?;
    let draft = Request::open_draft(&args.draft, context.online()?)?;
    let (touched, lanes, rows) = (draft.touched.len(), context.layout.lanes, context.layout.forget_rows);
    let start = Instant::now();
    let mut writer = Writer::new(&args.out)?;
    let free = draft.touched.iter().map(|chunk| Ok(commit::compress(&free_commitments(&context, &draft, *chunk)?)));
    writer.tensor("c_free", &[touched, lanes, POINT], free)?;
    let weights = draft.touched.iter().map(|c| draft.frame.chunks[*c]).sum();
    let mut progress = Progress::new(mode, "commit-request", touched, weights);
    let forget = draft.touched.iter().map(|chunk| {
        let bytes = commit::compress(&forget_commitments(&context, &draft, *chunk)?);
        progress.advance(draft.frame.chunks[*chunk]);
        Ok(bytes)
    });
    writer.tensor("c_forget", &[touched, rows, lanes, POINT], forget)?;
    writer.finish_plain()?;
    Ok(
        json!({"chunks": touched, "weights": weights, "seconds": start.elapsed().as_secs_f64(), "peak_rss_bytes": peak_rss_bytes()}),
    )
}

/// Com(f_new) by lane: all active rows less the masked and pad cells.
pub fn free_commitments(context: &Context, request: &Request, chunk: usize) -> Result<Vec<G1Projective>> {
    let layout = &context.layout;
    let masked = files::mask(&request.file, "mask", &request.frame, chunk)?;
    let lanes = layout.to_lanes(&masked, true)?;
    lanes.par_iter().map(|lane| Ok(context.com_active - context.committer.ones(&layout.marked(lane))?)).collect()
}

/// Com(Ĥ) by row and lane.
pub fn forget_commitments(context: &Context, request: &Request, chunk: usize) -> Result<Vec<G1Projective>> {
    let layout = &context.layout;
    let bytes = files::int8(&request.file, &forget_name(chunk))?;
    let rows = Rows::new(layout, &bytes.chunks(request.frame.chunks[chunk]).collect::<Vec<_>>())?;
    (0..layout.forget_rows * layout.lanes)
        .into_par_iter()
        .map(|index| context.committer.int8(layout.active_start, rows.lane(index / layout.lanes, index % layout.lanes)))
        .collect()
}
