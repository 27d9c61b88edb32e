//! The provider's signature: Ed25519 over the artefact's header, read strictly.
//!
//! Refused: S not below the group order, a key or R of small order (such a key signs everything), a point that is not
//! canonically encoded. The equation is the one without cofactor. So all verifiers of this project agree on every input.

use std::collections::BTreeMap;
use std::path::Path;

use ed25519_dalek::{Signature, VerifyingKey};

use super::bad_input;
use crate::error::{Error, Result};

const KEY: &str = "signature";
/// Kinds that a provider signs.
const SIGNED: [&str; 2] = ["base", "request"];
const CONTEXT: &[u8] = b"zkapex.signature/1\0";
const BYTES: usize = 64;

/// What a file holds beside its header: nothing in a draft.
pub(super) struct Signed {
    signature: Option<[u8; BYTES]>,
    /// The header as it stands in the file.
    header: String,
}

impl Signed {
    /// The signature of a file of a kind that has one; `None` for the others.
    ///
    /// # Errors
    /// `Error::Input` where it is not 128 hex digits.
    pub(super) fn read(
        path: &Path,
        kind: &str,
        metadata: &BTreeMap<String, String>,
        header: &str,
    ) -> Result<Option<Self>> {
        if !SIGNED.contains(&kind) {
            return Ok(None);
        }
        let signature = metadata.get(KEY).map(|text| parse(path, text)).transpose()?;
        Ok(Some(Signed { signature, header: header.to_owned() }))
    }

    /// The key that the header names must have signed the header. Whether that key is the provider's, the ledger knows.
    ///
    /// # Errors
    /// `Error::Refused` where there is no signature, or it is not that key's.
    pub(super) fn expect(&self, path: &Path, signer: &[u8; 32]) -> Result<()> {
        let refused = |message: &str| Error::refused(message).at_field(KEY).at_file(path);
        let Some(signature) = &self.signature else { return Err(refused("the file is not signed")) };
        if verify(signer, &[CONTEXT, self.header.as_bytes()].concat(), signature) {
            return Ok(());
        }
        Err(refused("is not that of the key which the header names: altered").with_value(hex::encode(signer)))
    }
}

/// The metadata of an artefact that is allowed beside its header.
pub(super) fn is_metadata(kind: &str, key: &str) -> bool {
    key == KEY && SIGNED.contains(&kind)
}

/// Whether the signature of the message is valid under the key.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; BYTES]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public) else { return false };
    let canonical = key.to_edwards().compress().to_bytes() == *public;
    canonical && key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
}

fn parse(path: &Path, text: &str) -> Result<[u8; BYTES]> {
    let bytes = hex::decode(text).ok().and_then(|bytes| <[u8; BYTES]>::try_from(bytes).ok());
    bytes
        .filter(|bytes| hex::encode(bytes) == text)
        .ok_or_else(|| bad_input(path, KEY, text, "a signature is 128 hex digits in lower case"))
}
