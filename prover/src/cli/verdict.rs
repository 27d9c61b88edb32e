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
use crate::plonk::{Opening, VerifierSetup};
use crate::progress::{peak_rss_bytes, Mode, Progress};

/// Chunks whose last checks are done together: enough to make them cheap, few enough to stay small in memory.
const GROUP: usize = 64;

/// Verifies every chunk, as many at once as there are threads, and reports each; a refused one does not stop the others.
///
/// `chunks` holds index and weights; `prepare` does all but the last check of a chunk. The last checks are done together by
/// groups, and one by one where a group fails. A chunk's seconds are those of `prepare` while others run beside it; the total
/// is what the wall clock says.
pub fn verdict(
    context: &Context,
    (mode, stage): (Mode, &'static str),
    chunks: &[(usize, usize)],
    setup: &VerifierSetup,
    prepare: impl Fn(usize) -> Result<Opening> + Sync,
) -> Result<Outcome> {
    let start = Instant::now();
    let weights: usize = chunks.iter().map(|(_, weights)| weights).sum();
    let progress = Mutex::new(Progress::new(mode, stage, chunks.len(), weights));
    let judge = |(chunk, weights): &(usize, usize)| {
        let judged = Judged::new(*chunk, &prepare)?;
        progress.lock().unwrap_or_else(PoisonError::into_inner).advance(*weights);
        Ok(judged)
    };
    let mut lines = Vec::with_capacity(chunks.len());
    for group in chunks.chunks(GROUP) {
        let mut judged: Vec<Judged> = group.par_iter().with_max_len(1).map(judge).collect::<Result<_>>()?;
        finish(setup, &mut judged)?;
        lines.extend(judged.iter().map(Judged::line));
    }
    let accepted = lines.iter().all(|line| line["accepted"] == Value::Bool(true));
    let result = json!({
        "accepted": accepted, "insecure": context.insecure(), "chunks": lines, "weights": weights,
        "seconds": start.elapsed().as_secs_f64(), "peak_rss_bytes": peak_rss_bytes(),
    });
    Ok(Outcome { result, exit: if accepted { 0 } else { 3 } })
}

/// One chunk: what is left to check of it, or why it is refused.
struct Judged {
    chunk: usize,
    seconds: f64,
    verdict: std::result::Result<Opening, Error>,
}

impl Judged {
    /// Only a refusal is a verdict; another failure ends the run.
    fn new(chunk: usize, prepare: &impl Fn(usize) -> Result<Opening>) -> Result<Self> {
        let begun = Instant::now();
        let verdict = refused_or(prepare(chunk))?;
        Ok(Judged { chunk, seconds: begun.elapsed().as_secs_f64(), verdict })
    }

    /// The chunk's line of the report.
    fn line(&self) -> Value {
        let mut line = json!({"chunk": self.chunk, "accepted": self.verdict.is_ok(), "seconds": self.seconds});
        if let Err(error) = &self.verdict {
            line["reason"] = json!(error.to_string());
        }
        line
    }
}

fn refused_or<T>(result: Result<T>) -> Result<std::result::Result<T, Error>> {
    match result {
        Err(error @ Error::Refused { .. }) => Ok(Err(error)),
        other => other.map(Ok),
    }
}

/// The last checks of a group.
fn finish(setup: &VerifierSetup, judged: &mut [Judged]) -> Result<()> {
    let openings: Vec<&Opening> = judged.iter().filter_map(|judged| judged.verdict.as_ref().ok()).collect();
    if setup.hold(&openings) {
        return Ok(());
    }
    judged.par_iter_mut().try_for_each(|judged| {
        let Ok(opening) = &judged.verdict else { return Ok(()) };
        if let Err(error) = refused_or(setup.finish(opening))? {
            judged.verdict = Err(error);
        }
        Ok(())
    })
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
