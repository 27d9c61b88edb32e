//! `relation`: prove, verify or check columns against any tables.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Subcommand;
use serde_json::{json, Map, Value};

use super::context::Setup;
use super::insecure::Blinding;
use super::Outcome;
use crate::artefact::io_error;
use crate::artefact::writer::write_atomic;
use crate::chunk::blinding::Source;
use crate::commit::{self, Committer};
use crate::error::{Error, Result};
use crate::plonk::{check, Committed, ProverSetup, Randomness, VerifierSetup};
use crate::progress::{peak_rss_bytes, Stages};
use crate::relation::{self, Columns, Public};
use crate::srs::Srs;
use crate::tables::Tables;

/// A proof of more bytes is refused unread.
const MAX_PROOF: u64 = 1 << 20;
/// Failures of a check that are listed one by one.
const LISTED: usize = 1000;

#[derive(Subcommand)]
pub enum RelationCommand {
    /// Prove that columns satisfy the tables. Whether they do is not checked: see `relation check`.
    Prove(ProveArgs),
    /// Verify a proof from commitments and plain columns.
    Verify(VerifyArgs),
    /// Check columns with the proof system's own checker, and list what they violate.
    Check(CheckArgs),
}

#[derive(clap::Args)]
pub struct ProveArgs {
    #[command(flatten)]
    setup: Setup,
    /// Columns: safetensors with U8 [rows, 32] for each committed, plain and advice column.
    #[arg(long)]
    columns: PathBuf,
    /// Digest of the outer transcript: 64 bytes in hex.
    #[arg(long, value_name = "HEX")]
    outer: String,
    /// Where the proof goes.
    #[arg(long)]
    proof: PathBuf,
    /// Where the verifier's columns go: U8 [48] for each committed column, rows of each plain one.
    #[arg(long)]
    public: Option<PathBuf>,
    #[command(flatten)]
    blinding: Blinding,
}

#[derive(clap::Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    setup: Setup,
    /// Columns: safetensors with U8 [48] for each committed column and U8 [rows, 32] for each plain one.
    #[arg(long)]
    columns: PathBuf,
    /// Digest of the outer transcript: 64 bytes in hex.
    #[arg(long, value_name = "HEX")]
    outer: String,
    /// The proof.
    #[arg(long)]
    proof: PathBuf,
    /// Accept reduced presets and an SRS whose secret may be known. Such a proof convinces nobody.
    #[arg(long)]
    allow_insecure: bool,
}

#[derive(clap::Args)]
pub struct CheckArgs {
    /// Constraint tables.
    #[arg(long)]
    tables: PathBuf,
    /// Columns, as for `relation prove`.
    #[arg(long)]
    columns: PathBuf,
}

pub fn run(command: &RelationCommand) -> Result<Outcome> {
    match command {
        RelationCommand::Prove(args) => prove(args).map(Into::into),
        RelationCommand::Verify(args) => verify(args),
        RelationCommand::Check(args) => check_columns(args),
    }
}

fn prove(args: &ProveArgs) -> Result<Value> {
    let mut stages = Stages::default();
    let outer = relation::parse_outer(&args.outer)?;
    let source = args.blinding.source()?;
    let (tables, srs) = open(&args.setup)?;
    stages.lap("open");
    let columns = Columns::open(&args.columns, &tables)?;
    stages.lap("columns");
    let setup = ProverSetup::new(tables.clone(), srs.clone()).map_err(|e| e.at_file(&args.setup.tables))?;
    stages.lap("keys");
    let points = relation::commit(&Committer::new(srs.clone(), 0, 0)?, &columns.committed)?;
    stages.lap("commit");
    let committed = columns.committed.into_iter().zip(&points);
    let committed = committed.map(|(values, point)| Committed { values, commitment: *point }).collect();
    let proof = setup
        .prove(committed, &columns.plain, columns.advice, &outer, &randomness(&source))
        .map_err(|e| e.at_file(&args.columns))?;
    stages.lap("create_proof");
    write_atomic(&args.proof, &proof, false)?;
    let public = Public { committed: points, plain: columns.plain };
    if let Some(path) = &args.public {
        public.write(path, &tables)?;
    }
    stages.lap("write");
    Ok(json!({
        "relation": tables.relation, "bytes": proof.len(), "commitments": commitments(&tables, &public),
        "seconds": stages.total(), "stages": stages.to_json(), "facts": setup.facts().to_json(),
        "insecure": insecure(&tables, &srs), "insecure_blinding": source.insecure(), "peak_rss_bytes": peak_rss_bytes(),
    }))
}

fn verify(args: &VerifyArgs) -> Result<Outcome> {
    let outer = relation::parse_outer(&args.outer)?;
    let (tables, srs) = open(&args.setup)?;
    if insecure(&tables, &srs) && !args.allow_insecure {
        let message = "the preset or the SRS is marked insecure: proofs made with it convince nobody (--allow-insecure verifies them all the same)";
        return Err(Error::refused(message).at_field("insecure").at_file(&args.setup.srs));
    }
    let public = Public::open(&args.columns, &tables)?;
    let proof = read_proof(&args.proof)?;
    let setup = VerifierSetup::new(tables.clone(), srs.clone()).map_err(|e| e.at_file(&args.setup.tables))?;
    let begun = Instant::now();
    let verdict = setup.verify(&public.committed, &public.plain, &outer, &proof);
    let mut result = json!({
        "relation": tables.relation, "accepted": verdict.is_ok(), "insecure": insecure(&tables, &srs),
        "bytes": proof.len(), "seconds": begun.elapsed().as_secs_f64(), "peak_rss_bytes": peak_rss_bytes(),
    });
    match verdict {
        Ok(()) => Ok(Outcome { result, exit: 0 }),
        Err(error @ Error::Refused { .. }) => {
            result["reason"] = json!(error.to_string());
            Ok(Outcome { result, exit: 3 })
        }
        Err(other) => Err(other),
    }
}

fn check_columns(args: &CheckArgs) -> Result<Outcome> {
    let tables = Arc::new(Tables::load(&args.tables)?);
    let columns = Columns::open(&args.columns, &tables)?;
    let instance = [columns.committed, columns.plain].concat();
    let failures = check(&tables, instance, columns.advice).map_err(|e| e.at_file(&args.tables))?;
    let line = |f: &crate::plonk::Failure| json!({"kind": f.kind, "id": f.id, "poly": f.poly, "row": f.row, "text": f.to_string()});
    let lines: Vec<Value> = failures.iter().take(LISTED).map(line).collect();
    let result = json!({
        "relation": tables.relation, "satisfied": failures.is_empty(), "count": failures.len(), "failures": lines,
        "peak_rss_bytes": peak_rss_bytes(),
    });
    Ok(Outcome { result, exit: if failures.is_empty() { 0 } else { 3 } })
}

fn open(setup: &Setup) -> Result<(Arc<Tables>, Arc<Srs>)> {
    let tables = Arc::new(Tables::load(&setup.tables)?);
    let srs = Arc::new(Srs::load(&setup.srs)?);
    if srs.k != tables.k {
        let message = format!("the SRS has 2^{} powers but the tables need 2^{}", srs.k, tables.k);
        return Err(Error::input(message).at_field("k").with_value(srs.k).at_file(&setup.srs));
    }
    Ok((tables, srs))
}

/// A relation whose layout says nothing of presets has none that is reduced.
fn insecure(tables: &Tables, srs: &Srs) -> bool {
    srs.insecure || tables.layout.flag("insecure").unwrap_or(false)
}

fn randomness(source: &Source) -> Randomness {
    match source {
        Source::System => Randomness::System,
        Source::Insecure(seed) => Randomness::Insecure(seed.clone()),
    }
}

fn commitments(tables: &Tables, public: &Public) -> Map<String, Value> {
    let point = |p| json!(hex::encode(commit::compress(std::slice::from_ref(p))));
    tables.instance.iter().zip(&public.committed).map(|(column, p)| (column.name.clone(), point(p))).collect()
}

fn read_proof(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| io_error(path, e))?;
    file.take(MAX_PROOF + 1).read_to_end(&mut bytes).map_err(|e| io_error(path, e))?;
    Ok(bytes)
}
