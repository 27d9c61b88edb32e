//! One artefact on disk: digest, typed header, tensors read slice by slice so that memory does not grow with the model.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use safetensors::tensor::Dtype;
use sha2::{Digest, Sha256};

use super::fields::Fields;
use super::layout::{self, Span};
use super::signature::{self, Signed};
use super::{bad_input, io_error};
use crate::error::{Error, Result};

const HEADER_KEY: &str = "zkapex";
const READ_BLOCK: usize = 1 << 20;

/// An artefact whose header and tensors have been checked against each other.
pub struct Container {
    path: PathBuf,
    file: File,
    digest: [u8; 32],
    header: Fields,
    tensors: BTreeMap<String, Span>,
    signed: Option<Signed>,
}

impl Container {
    /// Opens `path`, checks that it is an artefact of `kind` (for example `request`) in version 1, and that each tensor
    /// has the dtype, shape and SHA-256 that the header states.
    pub fn open(path: &Path, kind: &str) -> Result<Self> {
        let mut file = File::open(path).map_err(|e| io_error(path, e))?;
        let table = layout::read_table(&mut file, path)?;
        let text = table.metadata.get(HEADER_KEY).ok_or_else(|| {
            bad_input(path, HEADER_KEY, "", "the file is safetensors but no zkapex artefact: the header is missing")
        })?;
        check_metadata(path, kind, &table.metadata)?;
        let signed = Signed::read(path, kind, &table.metadata, text)?;
        let header = Fields::parse_canonical(path, text)?;
        header.expect_str("format", &format!("zkapex.{kind}"))?;
        header.expect_str("version", "1")?;
        let digest = Sha256::digest(text.as_bytes()).into();
        let container = Container { path: path.to_owned(), file, digest, header, tensors: table.tensors, signed };
        container.check_tensors()?;
        Ok(container)
    }

    /// SHA-256 of the header, which states the SHA-256 of every tensor.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn header(&self) -> &Fields {
        &self.header
    }

    pub fn has(&self, tensor: &str) -> bool {
        self.tensors.contains_key(tensor)
    }

    /// The header must have exactly these fields beside format, version and tensors.
    pub fn expect_fields(&self, fields: &[&str]) -> Result<()> {
        self.header.expect_exactly(&[fields, &["format", "tensors", "version"]].concat())
    }

    /// The key that the header names must have signed this file.
    ///
    /// # Errors
    /// `Error::Refused` where the signature is missing or is not that key's.
    pub fn expect_signed(&self) -> Result<()> {
        let signer = self.header.digest("signer")?;
        let signed = self.signed.as_ref().ok_or_else(|| Error::internal("a kind that nobody signs"))?;
        signed.expect(&self.path, &signer)
    }

    /// Refuses any other tensor than these.
    pub fn expect_only(&self, tensors: &[impl AsRef<str>]) -> Result<()> {
        match self.tensors.keys().find(|name| !tensors.iter().any(|tensor| tensor.as_ref() == name.as_str())) {
            Some(name) => Err(bad_input(&self.path, name, "", "the tensor does not belong here")),
            None => Ok(()),
        }
    }

    /// Bytes of a tensor.
    pub fn length(&self, tensor: &str) -> Result<usize> {
        let span = self.tensors.get(tensor);
        Ok(span.ok_or_else(|| bad_input(&self.path, tensor, "", "the tensor is missing"))?.length as usize)
    }

    fn check_tensors(&self) -> Result<()> {
        let stated = self.header.object("tensors")?;
        if let Some(name) = stated.keys().find(|name| !self.tensors.contains_key(*name)) {
            return Err(bad_input(&self.path, name, "", "the header names this tensor but the file does not hold it"));
        }
        let spans: Vec<(String, Span)> = self.tensors.clone().into_iter().collect();
        for (name, span) in spans {
            let Some(entry) = stated.get(&name) else {
                return Err(bad_input(&self.path, &name, "", "the file holds a tensor that the header does not name"));
            };
            let entry = self.header.nested(&format!("tensors.{name}"), entry)?;
            entry.expect_keys(&["dtype", "shape", "sha256"])?;
            entry.expect_str("dtype", &format!("{:?}", span.dtype))?;
            let shape = entry.counts("shape")?;
            if shape != span.shape {
                return Err(bad_input(
                    &self.path,
                    &name,
                    format!("{:?}", span.shape),
                    format!("the header states the shape {shape:?}"),
                ));
            }
            let found = hex::encode(self.hash(Sha256::new(), &span)?);
            if entry.text("sha256")? != found {
                return Err(bad_input(
                    &self.path,
                    &name,
                    found,
                    "the tensor's bytes do not match the SHA-256 in the header: the file was altered",
                ));
            }
        }
        Ok(())
    }

    /// SHA-256 of `context` and a tensor's bytes.
    pub fn named_hash(&self, context: &[u8], tensor: &str) -> Result<[u8; 32]> {
        let span =
            self.tensors.get(tensor).ok_or_else(|| bad_input(&self.path, tensor, "", "the tensor is missing"))?;
        self.hash(Sha256::new_with_prefix(context), span)
    }

    fn hash(&self, mut hash: Sha256, span: &Span) -> Result<[u8; 32]> {
        use std::os::unix::fs::FileExt;
        let mut block = vec![0u8; READ_BLOCK.min(span.length as usize)];
        let (mut at, end) = (span.start, span.start + span.length);
        while at < end {
            let take = block.len().min((end - at) as usize);
            self.file.read_exact_at(&mut block[..take], at).map_err(|e| io_error(&self.path, e))?;
            hash.update(&block[..take]);
            at += take as u64;
        }
        Ok(hash.finalize().into())
    }

    /// Checks that `tensor` is there with this dtype and shape.
    pub fn expect(&self, tensor: &str, dtype: Dtype, shape: &[usize]) -> Result<&Span> {
        let span =
            self.tensors.get(tensor).ok_or_else(|| bad_input(&self.path, tensor, "", "the tensor is missing"))?;
        if span.dtype != dtype || span.shape != shape {
            return Err(bad_input(
                &self.path,
                tensor,
                format!("{:?}{:?}", span.dtype, span.shape),
                format!("expected {dtype:?}{shape:?}"),
            ));
        }
        Ok(span)
    }

    /// Bytes `[from, from + length)` of a tensor.
    pub fn read(&self, tensor: &str, from: u64, length: u64) -> Result<Vec<u8>> {
        let span =
            self.tensors.get(tensor).ok_or_else(|| bad_input(&self.path, tensor, "", "the tensor is missing"))?;
        if from.checked_add(length).is_none_or(|end| end > span.length) {
            return Err(Error::internal("a read past the end of a tensor"));
        }
        use std::os::unix::fs::FileExt;
        let mut out = vec![0u8; length as usize];
        self.file.read_exact_at(&mut out, span.start + from).map_err(|e| io_error(&self.path, e))?;
        Ok(out)
    }

    /// The `index`-th slice along the first axis of a tensor.
    pub fn read_slice(&self, tensor: &str, index: usize) -> Result<Vec<u8>> {
        let span =
            self.tensors.get(tensor).ok_or_else(|| bad_input(&self.path, tensor, "", "the tensor is missing"))?;
        let first = *span.shape.first().unwrap_or(&1).max(&1) as u64;
        let size = span.length / first;
        self.read(tensor, index as u64 * size, size)
    }

    /// The whole tensor.
    pub fn read_all(&self, tensor: &str) -> Result<Vec<u8>> {
        let length = self.tensors.get(tensor).map_or(0, |span| span.length);
        self.read(tensor, 0, length)
    }
}

/// Beside the header, the metadata may hold a signature where the kind has one.
fn check_metadata(path: &Path, kind: &str, metadata: &BTreeMap<String, String>) -> Result<()> {
    match metadata.keys().find(|key| *key != HEADER_KEY && !signature::is_metadata(kind, key)) {
        Some(key) => Err(bad_input(path, key, "", format!("an artefact of kind {kind} has no such metadata"))),
        None => Ok(()),
    }
}
