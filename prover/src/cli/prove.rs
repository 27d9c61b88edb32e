//! `prove`: the touched chunks of an update, one at a time, resuming what is already there.

use std::path::PathBuf;

use safetensors::tensor::Dtype;
use serde_json::{json, Value};

use super::attached::named_chunks;
use super::context::{Context, Setup};
use super::enrol::{gradient_blinding, read_theta, theta_blinding};
use super::resume::{Folder, Kept};
use super::verdict::check_digests;
use crate::artefact::bad_input;
use crate::artefact::kinds::{forget_name, gradients_name, Secret, Update};
use crate::chunk::{blinding, files, Rows};
use crate::error::Result;
use crate::online::prove::{LongLived, Prover};
use crate::online::session::{PublicFiles, Session};
use crate::online::witness::Witness;
use crate::online::Statement;
use crate::plonk::ProverSetup;
use crate::progress::{event, peak_rss_bytes, Mode, Progress, Stages};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    setup: Setup,
    #[command(flatten)]
    files: PublicFiles,
    /// The client's secret.
    #[arg(long)]
    secret: PathBuf,
    /// The update: new weights and σ̂.
    #[arg(long)]
    update: PathBuf,
    /// Folder for proofs and seeds; a run that was interrupted resumes there.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    blinding: super::insecure::Blinding,
    /// Prove whatever the update says, to show that verifiers refuse it.
    #[arg(long)]
    unchecked: bool,
    /// Prove the chunks that standard input names, one number a line, as they come. A line on standard error tells of each.
    #[arg(long)]
    chunks_from_stdin: bool,
}

pub fn run(args: &Args, mode: Mode) -> Result<Value> {
    let context = Context::open(&args.setup)?;
    let layout = context.online()?;
    let session = Session::open(&args.files, layout.clone(), &context.made())?;
    let secret = Secret::open(&args.secret, &context.layout)?;
    let update = open_update(args, &session, &secret)?;
    let source = args.blinding.source()?;
    let mut statement = json!({
        "tables": hex::encode(context.tables.digest), "srs": hex::encode(context.srs.digest),
        "enrolment": hex::encode(session.binding.opening.enrolment), "state": hex::encode(session.binding.state),
        "request": hex::encode(session.binding.request), "update": hex::encode(update.file.digest()),
    });
    args.blinding.mark(&mut statement)?;
    let folder = Folder::open(&args.out, &statement, Kept::Seed, source.insecure())?;
    let setup = ProverSetup::new(context.tables.clone(), context.srs.clone())?;
    context.committer.prepare();
    let prover = Prover {
        setup: &setup,
        layout,
        committer: &context.committer,
        com_active: context.com_active,
        binding: &session.binding,
        source: &source,
        checked: !args.unchecked,
    };
    let touched = session.request.touched.clone();
    let weights = touched.iter().map(|c| session.frame().chunks[*c]).sum();
    let mut progress = Progress::new(mode, "prove", touched.len(), weights);
    let mut chunks = Vec::new();
    let wanted: Box<dyn Iterator<Item = Result<usize>> + '_> = match args.chunks_from_stdin {
        true => Box::new(named_chunks(&touched)),
        false => Box::new(touched.iter().copied().map(Ok)),
    };
    for chunk in wanted {
        let chunk = chunk?;
        let work = Work { context: &context, session: &session, secret: &secret, update: &update, prover: &prover };
        let line = match folder.finished(chunk) {
            Some(proof) => {
                json!({"chunk": chunk, "weights": session.frame().chunks[chunk], "bytes": proof.len(), "resumed": true})
            }
            None => work.prove_chunk(chunk, &folder)?,
        };
        if args.chunks_from_stdin {
            event(&json!({"event": "chunk", "result": line, "peak_rss_bytes": peak_rss_bytes()}));
        }
        chunks.push(line);
        progress.advance(session.frame().chunks[chunk]);
    }
    Ok(
        json!({"chunks": chunks, "insecure": context.insecure(), "insecure_blinding": source.insecure(), "unchecked": args.unchecked, "peak_rss_bytes": peak_rss_bytes()}),
    )
}

/// Opens the update and checks that it answers these artefacts.
fn open_update(args: &Args, session: &Session, secret: &Secret) -> Result<Update> {
    let update = Update::open(&args.update)?;
    let binding = &session.binding;
    files::expect_client(&update.file, &update.client, &binding.opening.client)?;
    files::expect_client(&secret.file, &secret.client, &binding.opening.client)?;
    if secret.frame != *session.frame() || secret.gamma != session.enrolment.gamma {
        return Err(bad_input(
            secret.file.path(),
            "layout",
            secret.frame.weights,
            "chunks or damping are not those of the enrolment",
        ));
    }
    let digests = [
        ("request_digest", update.request, binding.request),
        ("enrolment_digest", update.enrolment, binding.opening.enrolment),
        ("state_digest", update.state, binding.state),
    ];
    check_digests(&update.file, &digests)?;
    update.file.expect("theta_u", Dtype::I32, &[session.frame().weights])?;
    for chunk in &session.request.touched {
        update.file.expect(&sigma_name(*chunk), Dtype::I64, &[session.layout.rows()])?;
    }
    Ok(update)
}

fn sigma_name(chunk: usize) -> String {
    format!("sigma.{chunk:05}")
}

struct Work<'a> {
    context: &'a Context,
    session: &'a Session,
    secret: &'a Secret,
    update: &'a Update,
    prover: &'a Prover<'a>,
}

impl Work<'_> {
    fn prove_chunk(&self, chunk: usize, folder: &Folder) -> Result<Value> {
        let mut stages = Stages::default();
        let statement = self.session.statement(chunk, &self.context.committer)?;
        stages.lap("statement");
        let witness = self.witness(&statement)?;
        let (long, seed) = self.long_lived(chunk)?;
        stages.lap("witness");
        let message = self
            .prover
            .prove(&statement, &witness, &long, &mut stages)
            .map_err(|e| e.within(format!("chunk {chunk}")))?;
        folder.store(chunk, Some(&seed), &message)?;
        let sums = witness.sums.map(|sum| sum.map_or("over 2^128".to_owned(), |s| s.to_string()));
        Ok(json!({
            "chunk": chunk, "weights": statement.weights, "bytes": message.len(), "seconds": stages.total(), "stages": stages.to_json(),
            "limits": {"t1": statement.limits[0].to_string(), "t2": statement.limits[1].to_string(), "d": statement.limits[2].to_string()},
            "sums": {"t1": sums[0], "t2": sums[1], "d": sums[2]},
        }))
    }

    fn witness(&self, statement: &Statement) -> Result<Witness> {
        let (chunk, layout) = (statement.chunk, self.prover.layout);
        let theta_p = read_theta(self.secret, chunk)?;
        let theta_u = files::integers(&self.update.file, "theta_u", self.session.frame(), chunk)?;
        let own = files::int8(&self.secret.file, &gradients_name(chunk))?;
        let forget = files::int8(&self.session.request.file, &forget_name(chunk))?;
        let rows: Vec<&[i8]> = own.chunks(statement.weights).chain(forget.chunks(statement.weights)).collect();
        let rows = Rows::new(layout, &rows)?;
        let sigma = self.update.file.read_all(&sigma_name(chunk))?;
        let sigma = sigma.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect();
        Witness::derive(layout, (&theta_p, &theta_u), rows, sigma, statement.gamma, &statement.free)
            .map_err(|e| e.at_file(self.update.file.path()))
    }

    fn long_lived(&self, chunk: usize) -> Result<(LongLived, blinding::Seed)> {
        let layout = &self.context.layout;
        let seed = self.prover.source.theta(chunk);
        let long = LongLived {
            theta_p: theta_blinding(layout, self.secret, chunk)?,
            theta_u: blinding::theta(&seed, chunk, layout.lanes, layout.blinding_rows),
            gradients: gradient_blinding(layout, self.secret, chunk)?,
        };
        Ok((long, seed))
    }
}
