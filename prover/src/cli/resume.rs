//! The folder of a proving run: one proof and one record a chunk, and a manifest that says for which statement.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::artefact::writer::write_atomic;
use crate::artefact::{bad_input, io_error};
use crate::error::Result;

const MANIFEST: &str = "manifest.json";
/// Mode of a folder that is made here: seeds are written into it.
const OWNER_ONLY: u32 = 0o700;
/// How names of temporary files begin.
const TORN: &str = ".tmp";

/// What a record holds beside the digest of its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The secret seed of a new commitment; the record is `.seed`, mode 0600.
    Seed,
    /// Nothing; the record is `.done`.
    Nothing,
}

/// An open proving folder.
pub struct Folder {
    path: PathBuf,
    kept: Kept,
    insecure_blinding: bool,
    /// Held until this process ends, however it ends.
    _lock: File,
}

impl Folder {
    /// Creates the folder or resumes it; a folder that holds proofs of another statement is refused, and one in which
    /// another process is proving: the records of two would overwrite each other's seeds.
    pub fn open(path: &Path, statement: &Value, kept: Kept, insecure_blinding: bool) -> Result<Self> {
        DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(path).map_err(|e| io_error(path, e))?;
        let lock = lock(path)?;
        remove_torn(path)?;
        let manifest = path.join(MANIFEST);
        match fs::read_to_string(&manifest) {
            Ok(text) if serde_json::from_str::<Value>(&text).ok().as_ref() == Some(statement) => {}
            Ok(_) => {
                let message = "the folder holds proofs of another statement; choose another folder or remove this one";
                return Err(bad_input(&manifest, "statement", "", message));
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                write_atomic(&manifest, statement.to_string().as_bytes(), false)?
            }
            Err(e) => return Err(io_error(&manifest, e)),
        }
        Ok(Folder { path: path.to_owned(), kept, insecure_blinding, _lock: lock })
    }

    pub fn proof(&self, chunk: usize) -> PathBuf {
        self.path.join(format!("chunk-{chunk:05}.proof"))
    }

    fn record(&self, chunk: usize) -> PathBuf {
        let extension = if self.kept == Kept::Seed { "seed" } else { "done" };
        self.path.join(format!("chunk-{chunk:05}.{extension}"))
    }

    /// Bytes of a chunk's proof if it is there whole: its SHA-256 is the one recorded, and the seed is the one that was
    /// drawn with it. A proof whose seed is lost serves nobody.
    pub fn finished(&self, chunk: usize) -> Option<Vec<u8>> {
        let proof = fs::read(self.proof(chunk)).ok()?;
        let text = Zeroizing::new(fs::read_to_string(self.record(chunk)).ok()?);
        let mut record: Value = serde_json::from_str(&text).ok()?;
        let digest = hex::encode(Sha256::digest(&proof));
        let seed = record["seed"].as_str();
        let bound = seed.is_none_or(|seed| record["seed_sha256"].as_str() == Some(&seed_digest(&digest, seed)));
        let whole =
            record["proof_sha256"].as_str() == Some(&digest) && bound && seed.is_some() == (self.kept == Kept::Seed);
        wipe(&mut record);
        whole.then_some(proof)
    }

    /// Stores a chunk's record first and its proof last, so that a proof is never there without its seed.
    pub fn store(&self, chunk: usize, seed: Option<&[u8; 32]>, proof: &[u8]) -> Result<()> {
        let digest = hex::encode(Sha256::digest(proof));
        let mut record = json!({"proof_sha256": digest});
        if self.insecure_blinding {
            record["insecure_blinding"] = json!(true);
        }
        if let Some(seed) = seed {
            let seed = hex::encode(seed);
            record["seed_sha256"] = json!(seed_digest(&digest, &seed));
            record["seed"] = Value::String(seed);
        }
        let text = Zeroizing::new(record.to_string());
        wipe(&mut record);
        write_atomic(&self.record(chunk), text.as_bytes(), seed.is_some())?;
        write_atomic(&self.proof(chunk), proof, false)
    }
}

/// Overwrites the seed of a record in memory.
fn wipe(record: &mut Value) {
    if let Some(Value::String(seed)) = record.get_mut("seed") {
        seed.zeroize();
    }
}

/// SHA-256 of both hexadecimal texts, the proof's digest first: says that a seed is whole and of this proof.
fn seed_digest(proof: &str, seed: &str) -> String {
    hex::encode(Sha256::new().chain_update(proof).chain_update(seed).finalize())
}

fn lock(folder: &Path) -> Result<File> {
    let file = File::open(folder).map_err(|e| io_error(folder, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let busy = std::io::Error::other("another prover is at work in this folder; wait for it to end");
            Err(io_error(folder, busy))
        }
        Err(TryLockError::Error(e)) if e.kind() == std::io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(e)) => Err(io_error(folder, e)),
    }
}

/// Removes what writers that were killed left behind: it has no name that anyone reads, but may hold a seed.
fn remove_torn(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|e| io_error(folder, e))? {
        let entry = entry.map_err(|e| io_error(folder, e))?;
        if entry.file_name().to_string_lossy().starts_with(TORN) {
            fs::remove_file(entry.path()).map_err(|e| io_error(folder, e))?;
        }
    }
    Ok(())
}
