//! `prove-enrolment`: all chunks of an enrolment, one at a time, resuming what is already there.

use std::path::PathBuf;

use serde_json::{json, Value};

use super::context::{Context, Setup};
use super::enrol::{gradient_blinding, read_rows, read_theta, theta_blinding};
use super::resume::{Folder, Kept};
use crate::artefact::bad_input;
use crate::artefact::kinds::Secret;
use crate::chunk::files;
use crate::enrolment::assign::LongLived;
use crate::enrolment::prove::Prover;
use crate::enrolment::session::{PublicFiles, Session};
use crate::enrolment::witness::Witness;
use crate::enrolment::Statement;
use crate::error::{Error, Result};
use crate::plonk::ProverSetup;
use crate::progress::{peak_rss_bytes, Mode, Progress, Stages};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    setup: Setup,
    #[command(flatten)]
    files: PublicFiles,
    /// The client's secret of this enrolment.
    #[arg(long)]
    secret: PathBuf,
    /// For a re-enrolment: the secret behind the ledger's current commitments.
    #[arg(long)]
    current_secret: Option<PathBuf>,
    /// Folder for the proofs; a run that was interrupted resumes there.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    blinding: super::insecure::Blinding,
    /// Prove whatever the secret says, to show that verifiers refuse it.
    #[arg(long)]
    unchecked: bool,
}

pub fn run(args: &Args, mode: Mode) -> Result<Value> {
    let context = Context::open(&args.setup)?;
    let layout = context.enrolment()?;
    let session = Session::open(&args.files, layout.clone(), &context.made())?;
    let secret = open_secret(&args.secret, &session)?;
    let current = open_current(args, &session)?;
    let source = args.blinding.source()?;
    let mut statement = json!({
        "tables": hex::encode(context.tables.digest), "srs": hex::encode(context.srs.digest),
        "enrolment": hex::encode(session.binding.opening.enrolment), "base": hex::encode(session.binding.base),
        "state": hex::encode(session.binding.state), "secret": hex::encode(secret.file.digest()),
    });
    args.blinding.mark(&mut statement)?;
    let folder = Folder::open(&args.out, &statement, Kept::Nothing, source.insecure())?;
    let setup = ProverSetup::new(context.tables.clone(), context.srs.clone())?;
    context.committer.prepare();
    let prover = Prover {
        setup: &setup,
        layout,
        committer: &context.committer,
        binding: &session.binding,
        source: &source,
        checked: !args.unchecked,
    };
    let work = Work { session: &session, secret: &secret, current: current.as_ref(), prover: &prover };
    let sizes = &session.frame().chunks;
    let mut progress = Progress::new(mode, "prove-enrolment", sizes.len(), session.frame().weights);
    let mut chunks = Vec::new();
    for (chunk, weights) in sizes.iter().copied().enumerate() {
        chunks.push(match folder.finished(chunk) {
            Some(proof) => json!({"chunk": chunk, "weights": weights, "bytes": proof.len(), "resumed": true}),
            None => work.prove_chunk(chunk, &folder)?,
        });
        progress.advance(weights);
    }
    Ok(
        json!({"chunks": chunks, "insecure": context.insecure(), "insecure_blinding": source.insecure(), "unchecked": args.unchecked, "peak_rss_bytes": peak_rss_bytes()}),
    )
}

/// Opens the client's secret and checks that it belongs to this enrolment.
fn open_secret(path: &std::path::Path, session: &Session) -> Result<Secret> {
    let secret = Secret::open(path, &session.layout)?;
    files::expect_client(&secret.file, &secret.client, &session.enrolment.client)?;
    files::expect_frame(&secret.file, &secret.frame, session.frame())?;
    if secret.gamma != session.enrolment.gamma {
        return Err(bad_input(path, "gamma", "", "the damping is not that of the enrolment"));
    }
    Ok(secret)
}

/// The current secret goes with a state, and only with one.
fn open_current(args: &Args, session: &Session) -> Result<Option<Secret>> {
    match (&session.state, &args.current_secret) {
        (Some(_), Some(path)) => {
            let secret = Secret::open(path, &session.layout)?;
            files::expect_client(&secret.file, &secret.client, &session.enrolment.client)?;
            files::expect_frame(&secret.file, &secret.frame, session.frame())?;
            Ok(Some(secret))
        }
        (None, None) => Ok(None),
        _ => Err(Error::input("a re-enrolment needs both --state and --current-secret").at_field("current-secret")),
    }
}

struct Work<'a> {
    session: &'a Session,
    secret: &'a Secret,
    current: Option<&'a Secret>,
    prover: &'a Prover<'a>,
}

impl Work<'_> {
    fn prove_chunk(&self, chunk: usize, folder: &Folder) -> Result<Value> {
        let mut stages = Stages::default();
        let statement = self.session.statement(chunk, self.prover.committer)?;
        stages.lap("statement");
        let witness = self.witness(&statement)?;
        let long = self.long_lived(chunk)?;
        stages.lap("witness");
        let message = self
            .prover
            .prove(&statement, &witness, &long, &mut stages)
            .map_err(|e| e.at_file(self.secret.file.path()).within(format!("chunk {chunk}")))?;
        folder.store(chunk, None, &message)?;
        Ok(json!({
            "chunk": chunk, "weights": statement.weights, "bytes": message.len(), "seconds": stages.total(), "stages": stages.to_json(),
            "limits": {"d0": statement.distance.to_string()}, "sums": {"d0": witness.distance.to_string()},
        }))
    }

    fn witness(&self, statement: &Statement) -> Result<Witness> {
        let (chunk, layout) = (statement.chunk, self.prover.layout);
        let theta_0 = files::integers(&self.session.base.file, "theta0", self.session.frame(), chunk)?;
        let current = self.current.map(|secret| read_theta(secret, chunk)).transpose()?;
        let rows = read_rows(layout, self.secret, chunk)?;
        Witness::derive(layout, (&read_theta(self.secret, chunk)?, &theta_0), current.as_deref(), rows, &statement.free)
    }

    fn long_lived(&self, chunk: usize) -> Result<LongLived> {
        let layout = self.prover.layout;
        Ok(LongLived {
            theta_p: theta_blinding(layout, self.secret, chunk)?,
            theta_current: self.current.map(|secret| theta_blinding(layout, secret, chunk)).transpose()?,
            gradients: gradient_blinding(layout, self.secret, chunk)?,
        })
    }
}
