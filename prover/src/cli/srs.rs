//! `srs`: make, import or show a structured reference string.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{json, Value};

use crate::error::Result;
use crate::srs::{ceremony, import, insecure, Srs};

#[derive(Subcommand)]
pub enum SrsCommand {
    /// The Ethereum KZG ceremony's 4,096 powers that ship with this program, cut to 2^k.
    Ceremony {
        #[arg(long, default_value_t = 12)]
        k: u32,
        #[arg(long)]
        out: PathBuf,
    },
    /// Import the published ceremony JSON (2^12 to 2^15 powers) with pairing and subgroup checks.
    Import {
        #[arg(long)]
        json: PathBuf,
        #[arg(long)]
        k: u32,
        #[arg(long)]
        out: PathBuf,
    },
    /// A locally made SRS. INSECURE: whoever made it can forge proofs; for measurements and tests only.
    Insecure {
        #[arg(long)]
        k: u32,
        #[arg(long)]
        out: PathBuf,
    },
    /// Show size, source and digest.
    Info { file: PathBuf },
}

pub fn run(command: SrsCommand) -> Result<Value> {
    let (srs, out) = match command {
        SrsCommand::Ceremony { k, out } => (ceremony::load(k)?, Some(out)),
        SrsCommand::Import { json, k, out } => (import::load(&json, k)?, Some(out)),
        SrsCommand::Insecure { k, out } => (insecure::generate(k)?, Some(out)),
        SrsCommand::Info { file } => (Srs::load(&file)?, None),
    };
    if let Some(out) = out {
        srs.save(&out)?;
    }
    Ok(json!({"k": srs.k, "source": srs.source, "insecure": srs.insecure, "digest": hex::encode(srs.digest)}))
}
