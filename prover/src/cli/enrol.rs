//! `enrol`: commitments of a client's weights and gradient rows, made before any mask exists.

use std::path::PathBuf;
use std::time::Instant;

use midnight_curves::G1Projective;
use rayon::prelude::*;
use serde_json::{json, Value};
use zeroize::Zeroizing;

use super::context::{Context, Setup};
use crate::artefact::kinds::{gradients_name, Secret};
use crate::artefact::writer::Writer;
use crate::chunk::blinding::{self, Seed, Wiped};
use crate::chunk::message::POINT;
use crate::chunk::{files, ChunkLayout, Rows};
use crate::commit;
use crate::error::Result;
use crate::field::F;
use crate::online::round_one::commit_theta;
use crate::progress::{peak_rss_bytes, Mode, Progress};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    setup: Setup,
    /// The client's secret.
    #[arg(long)]
    secret: PathBuf,
    /// Where the commitments go: safetensors with c_theta and c_gradients.
    #[arg(long)]
    out: PathBuf,
}

pub fn run(args: &Args, mode: Mode) -> Result<Value> {
    let context = Context::open(&args.setup)?;
    let secret = Secret::open(&args.secret, &context.layout)?;
    let (chunks, lanes, rows) = (secret.frame.chunks.len(), context.layout.lanes, context.layout.client_rows);
    let start = Instant::now();
    let mut writer = Writer::new(&args.out)?;
    let theta = (0..chunks).map(|chunk| theta_commitments(&context, &secret, chunk));
    writer.tensor("c_theta", &[chunks, lanes, POINT], theta)?;
    let theta_seconds = start.elapsed().as_secs_f64();
    let mut progress = Progress::new(mode, "enrol", chunks, secret.frame.weights);
    let gradients = (0..chunks).map(|chunk| {
        let bytes = gradient_commitments(&context, &secret, chunk)?;
        progress.advance(secret.frame.chunks[chunk]);
        Ok(bytes)
    });
    writer.tensor("c_gradients", &[chunks, rows, lanes, POINT], gradients)?;
    writer.finish_plain()?;
    Ok(json!({
        "chunks": chunks, "weights": secret.frame.weights, "theta_seconds": theta_seconds,
        "seconds": start.elapsed().as_secs_f64(), "peak_rss_bytes": peak_rss_bytes(),
    }))
}

/// θ̂ of one chunk as the secret file holds it.
pub fn read_theta(secret: &Secret, chunk: usize) -> Result<Vec<i32>> {
    files::integers(&secret.file, "theta", &secret.frame, chunk)
}

/// The client's rows of one chunk.
pub fn read_rows(layout: &ChunkLayout, secret: &Secret, chunk: usize) -> Result<Rows> {
    let bytes = files::int8(&secret.file, &gradients_name(chunk))?;
    Rows::new(layout, &bytes.chunks(secret.frame.chunks[chunk]).collect::<Vec<_>>())
}

/// Blinding of θ̂ of one chunk, by lane.
pub fn theta_blinding(layout: &ChunkLayout, secret: &Secret, chunk: usize) -> Result<Vec<Vec<F>>> {
    let seed = seed_of(secret.file.read_slice("theta_seeds", chunk)?);
    Ok(blinding::theta(&seed, chunk, layout.lanes, layout.blinding_rows))
}

fn seed_of(bytes: Vec<u8>) -> Seed {
    let (bytes, mut seed) = (Zeroizing::new(bytes), Seed::default());
    seed.copy_from_slice(&bytes);
    seed
}

fn theta_commitments(context: &Context, secret: &Secret, chunk: usize) -> Result<Vec<u8>> {
    let layout = &context.layout;
    let theta: Vec<i64> = read_theta(secret, chunk)?.into_iter().map(i64::from).collect();
    let blind = Wiped::from(theta_blinding(layout, secret, chunk)?);
    let points = commit_theta(layout, &context.committer, &layout.to_lanes(&theta, 0)?, &blind)?;
    Ok(commit::compress(&points))
}

/// Blinding of the client's rows of one chunk, by row and lane.
pub fn gradient_blinding(layout: &ChunkLayout, secret: &Secret, chunk: usize) -> Result<Vec<Vec<Vec<F>>>> {
    let seed = seed_of(secret.file.read_all("gradient_seed")?);
    let lane_blinds = |row: usize| {
        (0..layout.lanes)
            .map(|lane| blinding::expand(&seed, "gradient", chunk, row, lane, layout.blinding_rows))
            .collect()
    };
    Ok((0..layout.client_rows).into_par_iter().map(lane_blinds).collect())
}

fn gradient_commitments(context: &Context, secret: &Secret, chunk: usize) -> Result<Vec<u8>> {
    let layout = &context.layout;
    let rows = read_rows(layout, secret, chunk)?;
    let blinds: Vec<Wiped> = gradient_blinding(layout, secret, chunk)?.into_iter().map(Wiped::from).collect();
    let points: Vec<G1Projective> = (0..layout.client_rows * layout.lanes)
        .into_par_iter()
        .map(|index| {
            let (row, lane) = (index / layout.lanes, index % layout.lanes);
            Ok(context.committer.int8(layout.active_start, rows.lane(row, lane))?
                + context.committer.blind(&blinds[row][lane])?)
        })
        .collect::<Result<_>>()?;
    Ok(commit::compress(&points))
}
