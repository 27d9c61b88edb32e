//! `verify`: a bundle against enrolment, request and ledger state.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{json, Value};

use super::context::{Context, Setup};
use super::Outcome;
use crate::artefact::bad_input;
use crate::artefact::kinds::Bundle;
use crate::error::{Error, Result};
use crate::online::session::{PublicFiles, Session};
use crate::online::verify::verify;
use crate::plonk::VerifierSetup;
use crate::progress::{peak_rss_bytes, Mode, Progress};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    setup: Setup,
    #[command(flatten)]
    files: PublicFiles,
    /// The proofs.
    #[arg(long)]
    bundle: PathBuf,
    /// Accept reduced presets and an SRS whose secret may be known. Such a proof convinces nobody.
    #[arg(long)]
    allow_insecure: bool,
}

pub fn run(args: &Args, mode: Mode) -> Result<Outcome> {
    let context = Context::open(&args.setup)?;
    if context.insecure() && !args.allow_insecure {
        let message = "the preset or the SRS is marked insecure: proofs made with it convince nobody (--allow-insecure verifies them all the same)";
        return Err(Error::refused(message).at_field("insecure").at_file(&args.setup.srs));
    }
    let session = Session::open(&args.files, context.layout.clone(), &context.made())?;
    let bundle = Bundle::open(&args.bundle, &context.layout)?;
    check_bundle(&context, &session, &bundle)?;
    let setup = VerifierSetup::new(context.tables.clone(), context.srs.clone())?;
    let start = Instant::now();
    let weights: usize = bundle.chunks.iter().map(|c| session.frame().chunks[*c]).sum();
    let mut progress = Progress::new(mode, "verify", bundle.chunks.len(), weights);
    let mut chunks = Vec::new();
    for chunk in &bundle.chunks {
        let begun = Instant::now();
        let verdict = verify_chunk(&context, &session, &setup, &bundle, *chunk);
        let mut line = json!({"chunk": chunk, "accepted": verdict.is_ok(), "seconds": begun.elapsed().as_secs_f64()});
        match verdict {
            Ok(()) => {}
            Err(error @ Error::Refused { .. }) => line["reason"] = json!(error.to_string()),
            Err(other) => return Err(other),
        }
        chunks.push(line);
        progress.advance(session.frame().chunks[*chunk]);
    }
    let accepted = chunks.iter().all(|c| c["accepted"] == Value::Bool(true));
    let result = json!({
        "accepted": accepted, "insecure": context.insecure(), "chunks": chunks, "weights": weights,
        "seconds": start.elapsed().as_secs_f64(), "peak_rss_bytes": peak_rss_bytes(),
    });
    Ok(Outcome { result, exit: if accepted { 0 } else { 3 } })
}

/// The bundle must answer exactly these artefacts and hold every touched chunk.
fn check_bundle(context: &Context, session: &Session, bundle: &Bundle) -> Result<()> {
    let (path, binding, made) = (bundle.file.path(), &session.binding, context.made());
    let digests = [
        ("enrolment_digest", bundle.enrolment, binding.enrolment),
        ("request_digest", bundle.request, binding.request),
        ("state_digest", bundle.state, binding.state),
        ("tables_digest", bundle.made.tables, made.tables),
        ("srs_digest", bundle.made.srs, made.srs),
    ];
    for (field, found, wanted) in digests {
        if found != wanted {
            let message = format!("the bundle answers another {}; expected {}", field.trim_end_matches("_digest"), hex::encode(wanted));
            return Err(bad_input(path, field, hex::encode(found), message));
        }
    }
    if bundle.client != binding.client {
        return Err(bad_input(path, "client_id", &bundle.client, format!("the enrolment is {}'s", binding.client)));
    }
    if bundle.insecure != context.insecure() {
        return Err(bad_input(path, "insecure", bundle.insecure, "the mark does not match preset and SRS"));
    }
    if bundle.chunks != session.request.touched {
        let message = "the bundle must hold exactly the chunks that the request touches, in order";
        return Err(bad_input(path, "chunks", format!("{:?}", bundle.chunks), message));
    }
    Ok(())
}

fn verify_chunk(context: &Context, session: &Session, setup: &VerifierSetup, bundle: &Bundle, chunk: usize) -> Result<()> {
    let statement = session.statement(chunk, &context.committer)?;
    let message = bundle.message(chunk)?;
    verify(setup, &context.layout, &context.com_active, &session.binding, &statement, message)
}
