//! The chunk by chunk verdict that verifying commands share.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rayon::prelude::*;
use serde_json::{json, Value};

use super::context::Context;
use super::Outcome;
use crate::artefact::{bad_input, Container};
use crate::chunk::files::expect_digest;
use crate::error::{Error, Result};
use crate::progress::{peak_rss_bytes, Mode, Progress};

/// Verifies every chunk, as many at once as there are threads, and reports each; a refused one does not stop the others.
///
/// `chunks` holds index and weights. A chunk's seconds are those of its own verification while others run beside it; the
/// total is what the wall clock says.
pub fn verdict(
    context: &Context,
    (mode, stage): (Mode, &'static str),
    chunks: &[(usize, usize)],
    verify: impl Fn(usize) -> Result<()> + Sync,
) -> Result<Outcome> {
    let start = Instant::now();
    let weights: usize = chunks.iter().map(|(_, weights)| weights).sum();
    let progress = Mutex::new(Progress::new(mode, stage, chunks.len(), weights));
    let lines: Vec<Value> = chunks
        .par_iter()
        .with_max_len(1)
        .map(|(chunk, weights)| {
            let line = judge(*chunk, &verify)?;
            progress.lock().unwrap_or_else(PoisonError::into_inner).advance(*weights);
            Ok(line)
        })
        .collect::<Result<_>>()?;
    let accepted = lines.iter().all(|line| line["accepted"] == Value::Bool(true));
    let result = json!({
        "accepted": accepted, "insecure": context.insecure(), "chunks": lines, "weights": weights,
        "seconds": start.elapsed().as_secs_f64(), "peak_rss_bytes": peak_rss_bytes(),
    });
    Ok(Outcome { result, exit: if accepted { 0 } else { 3 } })
}

/// One chunk's line of the report. Only a refusal is a verdict; another failure ends the run.
fn judge(chunk: usize, verify: &impl Fn(usize) -> Result<()>) -> Result<Value> {
    let begun = Instant::now();
    let verdict = verify(chunk);
    let mut line = json!({"chunk": chunk, "accepted": verdict.is_ok(), "seconds": begun.elapsed().as_secs_f64()});
    match verdict {
        Ok(()) => {}
        Err(error @ Error::Refused { .. }) => line["reason"] = json!(error.to_string()),
        Err(other) => return Err(other),
    }
    Ok(line)
}

/// The proofs must answer exactly these artefacts, by field, found and wanted digest.
pub fn check_digests(file: &Container, digests: &[(&str, [u8; 32], [u8; 32])]) -> Result<()> {
    digests.iter().try_for_each(|(field, found, wanted)| expect_digest(file, field, found, wanted))
}

/// The mark of the proofs must be the context's.
pub fn check_mark(file: &Container, insecure: bool, context: &Context) -> Result<()> {
    if insecure == context.insecure() {
        return Ok(());
    }
    Err(bad_input(file.path(), "insecure", insecure, "the mark does not match preset and SRS"))
}
