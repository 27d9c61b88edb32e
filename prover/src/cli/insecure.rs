//! Proofs from a known seed: for comparing provers byte for byte, never for a client.

use serde_json::{json, Value};
use sha2::{Digest, Sha256};

use crate::chunk::blinding::{Seed, Source};
use crate::error::{Error, Result};
use crate::progress::event;

const FIELD: &str = "insecure-blinding-seed";
const WARNING: &str = "INSECURE BLINDING: all randomness of these proofs comes from a seed given on the command line. \
                       Whoever knows the seed can read the client's weights and gradients out of them.";

#[derive(clap::Args, Debug)]
pub struct Blinding {
    /// INSECURE: draw all blinding from this seed (64 hex digits), so that the proof's bytes can be made again. Such a proof
    /// hides nothing: for tests only.
    #[arg(long, value_name = "HEX")]
    insecure_blinding_seed: Option<String>,
}

impl Blinding {
    /// The operating system unless a seed is given, which is announced on standard error.
    ///
    /// # Errors
    /// `Error::Input` where the seed is not 32 bytes in lower-case hex.
    pub fn source(&self) -> Result<Source> {
        let Some(seed) = self.seed()? else { return Ok(Source::System) };
        event(&json!({"event": "warning", "code": "insecure_blinding", "message": WARNING}));
        Ok(Source::Insecure(seed))
    }

    /// Marks the statement of a proving folder, so that proofs of one seed are not mixed with others.
    ///
    /// # Errors
    /// As [`Self::source`].
    pub fn mark(&self, statement: &mut Value) -> Result<()> {
        if let Some(seed) = self.seed()? {
            statement["insecure_blinding"] = json!(hex::encode(Sha256::digest(seed.as_ref())));
        }
        Ok(())
    }

    fn seed(&self) -> Result<Option<Seed>> {
        let Some(text) = &self.insecure_blinding_seed else { return Ok(None) };
        let bytes: Option<[u8; 32]> = hex::decode(text).ok().and_then(|b| b.try_into().ok());
        match bytes {
            Some(bytes) if hex::encode(bytes) == *text => Ok(Some(Seed::new(bytes))),
            _ => Err(Error::input("expected 32 bytes in lower-case hex").at_field(FIELD)),
        }
    }
}
