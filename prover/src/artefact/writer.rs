//! Atomic, streaming output: tensors are spooled to disk as they come, hashed on the way, and appear under their final
//! name only when whole.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::io_error;
use crate::error::{Error, Result};

/// Writes `bytes` to `path` through a temporary file, fsync and rename. Mode 0600 where `secret`, else 0644, whatever the
/// umask and from the first byte.
pub fn write_atomic(path: &Path, bytes: &[u8], secret: bool) -> Result<()> {
    let mut temporary = temporary_beside(path, secret)?;
    temporary.write_all(bytes).map_err(|e| io_error(path, e))?;
    persist(temporary, path)
}

fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Nobody but the owner may open it before its mode is set: it is made with 0600 or less.
fn temporary_beside(path: &Path, secret: bool) -> Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let temporary = NamedTempFile::new_in(directory(path)).map_err(|e| io_error(path, e))?;
    let mode = std::fs::Permissions::from_mode(if secret { 0o600 } else { 0o644 });
    temporary.as_file().set_permissions(mode).map_err(|e| io_error(path, e))?;
    Ok(temporary)
}

fn persist(temporary: NamedTempFile, path: &Path) -> Result<()> {
    temporary.as_file().sync_all().map_err(|e| io_error(path, e))?;
    temporary.persist(path).map_err(|e| io_error(path, e.error))?;
    File::open(directory(path)).and_then(|d| d.sync_all()).map_err(|e| io_error(path, e))
}

struct Spooled {
    shape: Vec<usize>,
    offsets: (usize, usize),
    sha256: [u8; 32],
}

/// A safetensors file written tensor by tensor.
pub struct Writer {
    path: PathBuf,
    spool: File,
    length: usize,
    tensors: Vec<(String, Spooled)>,
}

impl Writer {
    pub fn new(path: &Path) -> Result<Self> {
        let spool = tempfile::tempfile_in(directory(path)).map_err(|e| io_error(path, e))?;
        Ok(Writer { path: path.to_owned(), spool, length: 0, tensors: Vec::new() })
    }

    /// Appends one tensor of bytes; `parts` yields its data in order.
    pub fn tensor(
        &mut self,
        name: &str,
        shape: &[usize],
        parts: impl IntoIterator<Item = Result<Vec<u8>>>,
    ) -> Result<()> {
        let mut hash = Sha256::new();
        let start = self.length;
        for part in parts {
            let part = part?;
            hash.update(&part);
            self.spool.write_all(&part).map_err(|e| io_error(&self.path, e))?;
            self.length += part.len();
        }
        if self.length - start != shape.iter().product::<usize>() {
            return Err(Error::internal(format!("tensor {name}: the parts do not fill the shape {shape:?}")));
        }
        let spooled = Spooled { shape: shape.to_vec(), offsets: (start, self.length), sha256: hash.finalize().into() };
        self.tensors.push((name.to_owned(), spooled));
        Ok(())
    }

    /// Finishes as a zkapex artefact: `header` gains the table of tensors and becomes canonical JSON.
    pub fn finish_artefact(self, kind: &str, mut header: Map<String, Value>) -> Result<()> {
        let tensors: Map<String, Value> = self
            .tensors
            .iter()
            .map(|(name, t)| {
                let shape: Vec<String> = t.shape.iter().map(usize::to_string).collect();
                (name.clone(), json!({"dtype": "U8", "sha256": hex::encode(t.sha256), "shape": shape}))
            })
            .collect();
        header.insert("format".into(), json!(format!("zkapex.{kind}")));
        header.insert("version".into(), json!("1"));
        header.insert("tensors".into(), Value::Object(tensors));
        let text = Value::Object(header).to_string();
        self.finish(Some(("zkapex".into(), text)))
    }

    /// Finishes as plain safetensors without a header of ours.
    pub fn finish_plain(self) -> Result<()> {
        self.finish(None)
    }

    fn finish(mut self, metadata: Option<(String, String)>) -> Result<()> {
        let entry = |t: &Spooled| json!({"dtype": "U8", "shape": t.shape, "data_offsets": [t.offsets.0, t.offsets.1]});
        let mut table: Map<String, Value> = self.tensors.iter().map(|(name, t)| (name.clone(), entry(t))).collect();
        if let Some((key, text)) = metadata {
            table.insert("__metadata__".into(), json!({key: text}));
        }
        let mut json = Value::Object(table).to_string().into_bytes();
        json.resize(json.len().next_multiple_of(8), b' ');
        let mut out = temporary_beside(&self.path, false)?;
        let path = self.path.clone();
        let fail = |e: io::Error| io_error(&path, e);
        out.write_all(&(json.len() as u64).to_le_bytes()).map_err(fail)?;
        out.write_all(&json).map_err(fail)?;
        self.spool.seek(SeekFrom::Start(0)).map_err(fail)?;
        io::copy(&mut self.spool, &mut out).map_err(fail)?;
        persist(out, &self.path)
    }
}

/// Header entries from names and strings.
pub fn header(entries: &[(&str, String)]) -> Map<String, Value> {
    entries.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn modes_are_set_before_the_first_byte() {
        let folder = tempfile::tempdir().unwrap();
        for (secret, mode) in [(true, 0o600), (false, 0o644)] {
            let temporary = temporary_beside(&folder.path().join("file"), secret).unwrap();
            let found = temporary.as_file().metadata().unwrap();
            assert_eq!((found.permissions().mode() & 0o777, found.len()), (mode, 0));
        }
    }
}
