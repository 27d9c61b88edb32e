//! The folder of a proving run: one proof and one secret seed a chunk, and a manifest that says for which statement.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{json, Value};
use sha2::{Digest, Sha256};

use crate::artefact::writer::write_atomic;
use crate::artefact::{bad_input, io_error};
use crate::error::Result;

const MANIFEST: &str = "manifest.json";

/// An open proving folder.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Creates the folder or resumes it; a folder that holds proofs of another statement is refused.
    pub fn open(path: &Path, statement: &Value) -> Result<Self> {
        fs::create_dir_all(path).map_err(|e| io_error(path, e))?;
        let manifest = path.join(MANIFEST);
        match fs::read_to_string(&manifest) {
            Ok(text) if serde_json::from_str::<Value>(&text).ok().as_ref() == Some(statement) => {}
            Ok(_) => {
                let message = "the folder holds proofs of another statement; choose another folder or remove this one";
                return Err(bad_input(&manifest, "statement", "", message));
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => write_atomic(&manifest, statement.to_string().as_bytes(), false)?,
            Err(e) => return Err(io_error(&manifest, e)),
        }
        Ok(Folder { path: path.to_owned() })
    }

    pub fn proof(&self, chunk: usize) -> PathBuf {
        self.path.join(format!("chunk-{chunk:05}.proof"))
    }

    fn seed(&self, chunk: usize) -> PathBuf {
        self.path.join(format!("chunk-{chunk:05}.seed"))
    }

    /// Bytes of a chunk's proof if it is there whole: its SHA-256 is the one recorded with the seed.
    pub fn finished(&self, chunk: usize) -> Option<Vec<u8>> {
        let proof = fs::read(self.proof(chunk)).ok()?;
        let record: Value = serde_json::from_str(&fs::read_to_string(self.seed(chunk)).ok()?).ok()?;
        let whole = record["proof_sha256"].as_str() == Some(&hex::encode(Sha256::digest(&proof)));
        whole.then_some(proof)
    }

    /// Stores a chunk's seed first and its proof last, so that a proof is never there without its seed.
    pub fn store(&self, chunk: usize, seed: &[u8; 32], proof: &[u8]) -> Result<()> {
        let record = json!({"seed": hex::encode(seed), "proof_sha256": hex::encode(Sha256::digest(proof))});
        write_atomic(&self.seed(chunk), record.to_string().as_bytes(), true)?;
        write_atomic(&self.proof(chunk), proof, false)
    }
}
