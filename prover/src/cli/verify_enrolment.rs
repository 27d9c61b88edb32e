//! `verify-enrolment`: the proof of an enrolment against the enrolment, the base and, for a re-enrolment, the ledger state.

use std::path::PathBuf;

use super::context::{Context, Setup};
use super::verdict::{check_digests, check_mark, verdict};
use super::Outcome;
use crate::artefact::bad_input;
use crate::artefact::kinds::EnrolmentProof;
use crate::chunk::files::expect_client;
use crate::enrolment::session::{PublicFiles, Session};
use crate::enrolment::verify::prepare;
use crate::error::Result;
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
    proof: PathBuf,
    /// Accept reduced presets and an SRS whose secret may be known. Such a proof convinces nobody.
    #[arg(long)]
    allow_insecure: bool,
}

pub fn run(args: &Args, mode: Mode) -> Result<Outcome> {
    let context = Context::open(&args.setup)?;
    let layout = context.enrolment()?;
    context.check_secure(args.allow_insecure)?;
    let session = Session::open(&args.files, layout.clone(), &context.made())?;
    let proof = EnrolmentProof::open(&args.proof, layout)?;
    check_proof(&context, &session, &proof)?;
    let setup = VerifierSetup::new(context.tables.clone(), context.srs.clone())?;
    let chunks: Vec<(usize, usize)> = session.frame().chunks.iter().copied().enumerate().collect();
    verdict(&context, (mode, "verify-enrolment"), &chunks, &setup, |chunk| {
        let statement = session.statement(chunk, &context.committer)?;
        prepare(&setup, layout, &session.binding, &statement, proof.message(chunk)?)
    })
}

/// The proof must answer exactly these artefacts and hold every chunk.
fn check_proof(context: &Context, session: &Session, proof: &EnrolmentProof) -> Result<()> {
    let (file, binding, made) = (&proof.file, &session.binding, context.made());
    let digests = [
        ("enrolment_digest", proof.enrolment, binding.opening.enrolment),
        ("base_digest", proof.base, binding.base),
        ("state_digest", proof.state.unwrap_or_default(), binding.state),
        ("enrol_tables_digest", proof.enrol_tables, made.tables),
        ("srs_digest", proof.srs, made.srs),
    ];
    check_digests(file, &digests)?;
    expect_client(file, &proof.client, &binding.opening.client)?;
    check_mark(file, proof.insecure, context)?;
    if proof.chunks.iter().copied().ne(0..session.frame().chunks.len()) {
        let message = "the proof must hold every chunk of the enrolment, in order";
        return Err(bad_input(file.path(), "chunks", format!("{:?}", proof.chunks), message));
    }
    Ok(())
}
