//! `enrol`: commitments of a client's weights and gradient rows, made before any mask exists.

use std::path::PathBuf;
use std::time::Instant;

use midnight_curves::G1Projective;
use rayon::prelude::*;
use serde_json::{json, Value};

use super::context::{Context, Setup};
use crate::artefact::kinds::{gradients_name, Secret};
use crate::artefact::writer::Writer;
use crate::commit;
use crate::error::Result;
use crate::online::blinding::{self, Seed};
use crate::online::message::POINT;
use crate::online::round_one::commit_theta;
use crate::online::witness::Rows;
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
    read_i32(&secret.file, "theta", secret.frame.start(chunk), secret.frame.chunks[chunk])
}

/// `count` 32-bit integers of a tensor, from entry `start`.
pub fn read_i32(file: &crate::artefact::Container, tensor: &str, start: usize, count: usize) -> Result<Vec<i32>> {
    let bytes = file.read(tensor, 4 * start as u64, 4 * count as u64)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b)).collect())
}

/// Seed of θ's blinding rows of one chunk.
pub fn theta_seed(secret: &Secret, chunk: usize) -> Result<Seed> {
    seed_of(&secret.file.read_slice("theta_seeds", chunk)?)
}

/// Seed of the gradient rows' blinding.
pub fn gradient_seed(secret: &Secret) -> Result<Seed> {
    seed_of(&secret.file.read_all("gradient_seed")?)
}

fn seed_of(bytes: &[u8]) -> Result<Seed> {
    let mut seed = Seed::default();
    seed.copy_from_slice(bytes);
    Ok(seed)
}

fn theta_commitments(context: &Context, secret: &Secret, chunk: usize) -> Result<Vec<u8>> {
    let layout = &context.layout;
    let theta: Vec<i64> = read_theta(secret, chunk)?.into_iter().map(i64::from).collect();
    let blind = blinding::theta(&*theta_seed(secret, chunk)?, chunk, layout.lanes, layout.blinding_rows);
    let points = commit_theta(layout, &context.committer, &layout.to_lanes(&theta, 0)?, &blind)?;
    Ok(commit::compress(&points))
}

/// Blinding of the client's rows of one chunk, by row and lane.
pub fn gradient_blinding(context: &Context, secret: &Secret, chunk: usize) -> Result<Vec<Vec<Vec<crate::field::F>>>> {
    let layout = &context.layout;
    let seed = gradient_seed(secret)?;
    let lane_blinds = |row: usize| {
        (0..layout.lanes).map(|lane| blinding::expand(&seed, "gradient", chunk, row, lane, layout.blinding_rows)).collect()
    };
    Ok((0..layout.client_rows).into_par_iter().map(lane_blinds).collect())
}

/// Bytes of a chunk's int8 rows as signed entries.
pub fn signed(bytes: Vec<u8>) -> Vec<i8> {
    bytes.into_iter().map(|b| b as i8).collect()
}

fn gradient_commitments(context: &Context, secret: &Secret, chunk: usize) -> Result<Vec<u8>> {
    let layout = &context.layout;
    let bytes = signed(secret.file.read_all(&gradients_name(chunk))?);
    let rows = Rows::new(layout, &bytes.chunks(secret.frame.chunks[chunk]).collect::<Vec<_>>())?;
    let blinds = gradient_blinding(context, secret, chunk)?;
    let points: Vec<G1Projective> = (0..layout.client_rows * layout.lanes)
        .into_par_iter()
        .map(|index| {
            let (row, lane) = (index / layout.lanes, index % layout.lanes);
            Ok(context.committer.int8(layout.active_start, rows.lane(row, lane))? + context.committer.blind(&blinds[row][lane])?)
        })
        .collect::<Result<_>>()?;
    Ok(commit::compress(&points))
}
