//! Command line: one file a command. Results are one JSON object on standard output, failures one JSON line on standard
//! error and an exit code (2 bad input, 3 refused, 4 i/o, 5 internal).

mod admit;
mod attached;
mod base;
mod context;
mod enrol;
mod insecure;
mod prove;
mod prove_enrolment;
mod relation;
mod request;
mod resume;
mod srs;
mod tables;
mod verdict;
mod verify;
mod verify_enrolment;

use clap::{Parser, Subcommand};
use serde_json::{json, Value};

use crate::error::{Error, Result};
use crate::progress::{event, Mode};

#[derive(Parser)]
#[command(
    name = "zkapex-prover",
    version,
    about = "Proves and verifies chunks of an unlearning update against constraint tables."
)]
struct Cli {
    /// Worker threads; all cores where left out.
    #[arg(long, global = true)]
    threads: Option<usize>,
    /// Progress lines on standard error.
    #[arg(long, global = true, value_enum, default_value = "none")]
    progress: Mode,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make, import or show a structured reference string.
    #[command(subcommand)]
    Srs(srs::SrsCommand),
    /// Show what constraint tables cost: degree, columns, queries, proof bytes.
    Tables(context::Setup),
    /// Prove, verify or check any relation from its tables and a file of columns.
    #[command(subcommand)]
    Relation(relation::RelationCommand),
    /// Commit to a client's weights and gradient rows.
    Enrol(enrol::Args),
    /// Check every commitment of an enrolment and keep its points uncompressed.
    AdmitEnrolment(admit::EnrolmentArgs),
    /// Commit to a request's mask and forget rows, once for the fleet.
    CommitRequest(request::Args),
    /// Recompute the commitments of a request and keep its points uncompressed.
    AdmitRequest(admit::RequestArgs),
    /// Commit to the provider's base weights, once for the fleet.
    CommitBase(base::CommitArgs),
    /// Recompute the commitments of a base and keep its points uncompressed.
    AdmitBase(base::AdmitArgs),
    /// Prove an enrolment, resuming what is already there.
    ProveEnrolment(prove_enrolment::Args),
    /// Verify the proof of an enrolment.
    VerifyEnrolment(verify_enrolment::Args),
    /// Prove the touched chunks of an update, resuming what is already there.
    Prove(prove::Args),
    /// Verify a bundle of proofs.
    Verify(verify::Args),
}

/// Parses the arguments, runs the command, reports, and returns the exit code.
pub fn main() -> u8 {
    let cli = Cli::parse();
    // Panics of the proof system on hostile bytes are caught and become refusals; they are no news for the user.
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = std::panic::catch_unwind(|| run(cli));
    match outcome
        .unwrap_or_else(|_| Err(Error::internal("the program panicked; please report the command that did it")))
    {
        Ok(outcome) => {
            println!("{}", outcome.result);
            outcome.exit
        }
        Err(error) => {
            report(&error);
            error.exit_code()
        }
    }
}

/// What a command prints, and the exit code that goes with it.
pub struct Outcome {
    result: Value,
    exit: u8,
}

impl From<Value> for Outcome {
    fn from(result: Value) -> Self {
        Outcome { result, exit: 0 }
    }
}

fn run(cli: Cli) -> Result<Outcome> {
    attached::end_with_parent();
    if let Some(threads) = cli.threads {
        let built = rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build_global();
        built.map_err(|e| Error::internal(format!("cannot start {threads} threads: {e}")))?;
    }
    match cli.command {
        Command::Srs(command) => srs::run(command).map(Into::into),
        Command::Tables(setup) => tables::run(&setup).map(Into::into),
        Command::Relation(command) => relation::run(&command),
        Command::Enrol(args) => enrol::run(&args, cli.progress).map(Into::into),
        Command::AdmitEnrolment(args) => admit::enrolment(&args, cli.progress).map(Into::into),
        Command::CommitRequest(args) => request::run(&args, cli.progress).map(Into::into),
        Command::AdmitRequest(args) => admit::request(&args, cli.progress).map(Into::into),
        Command::CommitBase(args) => base::commit_base(&args, cli.progress).map(Into::into),
        Command::AdmitBase(args) => base::admit(&args, cli.progress).map(Into::into),
        Command::ProveEnrolment(args) => prove_enrolment::run(&args, cli.progress).map(Into::into),
        Command::VerifyEnrolment(args) => verify_enrolment::run(&args, cli.progress),
        Command::Prove(args) => prove::run(&args, cli.progress).map(Into::into),
        Command::Verify(args) => verify::run(&args, cli.progress),
    }
}

fn report(error: &Error) {
    let place = error.place();
    let mut line = json!({"event": "error", "code": error.code(), "message": error.to_string()});
    for (key, part) in [("file", &place.file), ("field", &place.field), ("value", &place.value)] {
        if let Some(part) = part {
            line[key] = json!(part);
        }
    }
    event(&line);
}
