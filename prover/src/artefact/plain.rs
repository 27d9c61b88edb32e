//! A safetensors file without a header of ours, read strictly.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use safetensors::tensor::Dtype;

use super::layout::{self, Span};
use super::{bad_input, io_error};
use crate::error::Result;

/// An open file whose tensors fill it without gaps.
pub struct Plain {
    path: PathBuf,
    file: File,
    tensors: BTreeMap<String, Span>,
}

impl Plain {
    /// Opens `path`.
    ///
    /// # Errors
    /// `Error::Io`; `Error::Input` where the framing is wrong.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(|e| io_error(path, e))?;
        let tensors = layout::read_table(&mut file, path)?.tensors;
        Ok(Plain { path: path.to_owned(), file, tensors })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file must hold exactly these tensors.
    ///
    /// # Errors
    /// `Error::Input` that names the first tensor that is missing or of which nobody knows.
    pub fn expect_names<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<()> {
        let mut known = BTreeSet::new();
        for name in names {
            if !self.tensors.contains_key(name) {
                return Err(bad_input(&self.path, name, "", "the tensor is missing"));
            }
            known.insert(name);
        }
        match self.tensors.keys().find(|name| !known.contains(name.as_str())) {
            Some(name) => Err(bad_input(&self.path, name, "", "no column has this name")),
            None => Ok(()),
        }
    }

    /// Rows of a U8 tensor of shape [rows, width] with at most `limit` rows.
    ///
    /// # Errors
    /// `Error::Input` for another dtype or shape.
    pub fn rows<const WIDTH: usize>(&self, name: &str, limit: usize) -> Result<Vec<[u8; WIDTH]>> {
        let span = self.span(
            name,
            &format!("U8[rows <= {limit}, {WIDTH}]"),
            |shape| matches!(shape, [rows, width] if *rows <= limit && *width == WIDTH),
        )?;
        Ok(self.read(span)?.as_chunks::<WIDTH>().0.to_vec())
    }

    /// A U8 tensor of shape [WIDTH].
    ///
    /// # Errors
    /// `Error::Input` for another dtype or shape.
    pub fn bytes<const WIDTH: usize>(&self, name: &str) -> Result<[u8; WIDTH]> {
        let span = self.span(name, &format!("U8[{WIDTH}]"), |shape| shape == [WIDTH])?;
        let bytes = self.read(span)?;
        bytes.try_into().map_err(|_| bad_input(&self.path, name, "", "the tensor has another size than its shape"))
    }

    fn span(&self, name: &str, wanted: &str, fits: impl Fn(&[usize]) -> bool) -> Result<&Span> {
        let missing = || bad_input(&self.path, name, "", "the tensor is missing");
        let span = self.tensors.get(name).ok_or_else(missing)?;
        if span.dtype != Dtype::U8 || !fits(&span.shape) {
            let found = format!("{:?}{:?}", span.dtype, span.shape);
            return Err(bad_input(&self.path, name, found, format!("expected {wanted}")));
        }
        Ok(span)
    }

    fn read(&self, span: &Span) -> Result<Vec<u8>> {
        let mut out = vec![0u8; span.length as usize];
        self.file.read_exact_at(&mut out, span.start).map_err(|e| io_error(&self.path, e))?;
        Ok(out)
    }
}
