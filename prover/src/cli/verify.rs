//! `verify`: a bundle against enrolment, request and ledger state.

use std::path::PathBuf;

use super::context::{Context, Setup};
use super::verdict::{check_digests, check_mark, verdict};
use super::Outcome;
use crate::artefact::bad_input;
use crate::artefact::kinds::Bundle;
use crate::chunk::files::expect_client;
use crate::error::Result;
use crate::online::session::{PublicFiles, Session};
use crate::online::verify::prepare;
use crate::plonk::VerifierSetup;
use crate::progress::Mode;

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
    let layout = context.online()?;
    context.check_secure(args.allow_insecure)?;
    let session = Session::open(&args.files, layout.clone(), &context.made())?;
    let bundle = Bundle::open(&args.bundle, layout)?;
    check_bundle(&context, &session, &bundle)?;
    let setup = VerifierSetup::new(context.tables.clone(), context.srs.clone())?;
    let chunks: Vec<(usize, usize)> = bundle.chunks.iter().map(|c| (*c, session.frame().chunks[*c])).collect();
    verdict(&context, (mode, "verify"), &chunks, &setup, |chunk| {
        let statement = session.statement(chunk, &context.committer)?;
        prepare(&setup, layout, &context.com_active, &session.binding, &statement, bundle.message(chunk)?)
    })
}

/// The bundle must answer exactly these artefacts and hold every touched chunk.
fn check_bundle(context: &Context, session: &Session, bundle: &Bundle) -> Result<()> {
    let (file, binding, made) = (&bundle.file, &session.binding, context.made());
    let digests = [
        ("enrolment_digest", bundle.enrolment, binding.opening.enrolment),
        ("request_digest", bundle.request, binding.request),
        ("state_digest", bundle.state, binding.state),
        ("tables_digest", bundle.tables, made.tables),
        ("srs_digest", bundle.srs, made.srs),
    ];
    check_digests(file, &digests)?;
    expect_client(file, &bundle.client, &binding.opening.client)?;
    check_mark(file, bundle.insecure, context)?;
    if bundle.chunks != session.request.touched {
        let message = "the bundle must hold exactly the chunks that the request touches, in order";
        return Err(bad_input(file.path(), "chunks", format!("{:?}", bundle.chunks), message));
    }
    Ok(())
}
