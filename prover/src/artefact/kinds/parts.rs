//! What several artefacts share beside the layout: model, digests, client, messages.

use safetensors::tensor::Dtype;

use crate::artefact::fields::Fields;
use crate::artefact::{bad_input, Container};
use crate::chunk::files;
use crate::error::Result;

const MAX_CHUNK: usize = (1 << 20) - 1;
const MAX_MESSAGE: usize = 1 << 20;

/// Which model an artefact is about. In a base, `base` names its weights; elsewhere it is the digest of the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub name: String,
    pub architecture: String,
    pub base: [u8; 32],
}

impl Model {
    /// `model`, and `created` beside it.
    pub(super) fn read(header: &Fields) -> Result<Self> {
        header.timestamp("created")?;
        let model = header.child("model")?;
        model.expect_exactly(&["architecture", "base_digest", "name"])?;
        let word = |field| model.printable(field, 1, 200);
        Ok(Model { name: word("name")?, architecture: word("architecture")?, base: model.digest("base_digest")? })
    }
}

/// Digests of tables and SRS that an artefact was made with, and the mark of that SRS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub tables: [u8; 32],
    pub srs: [u8; 32],
    pub srs_insecure: bool,
}

impl Made {
    pub(super) fn read(header: &Fields) -> Result<Self> {
        let (tables, srs) = (header.digest("tables_digest")?, header.digest("srs_digest")?);
        Ok(Made { tables, srs, srs_insecure: header.flag("srs_insecure")? })
    }

    /// The file must be made with these tables and this SRS.
    pub fn expect(&self, file: &Container, wanted: &Made) -> Result<()> {
        files::expect_digest(file, "tables_digest", &self.tables, &wanted.tables)?;
        files::expect_digest(file, "srs_digest", &self.srs, &wanted.srs)?;
        files::expect_mark(file, self.srs_insecure, wanted.srs_insecure)
    }
}

pub(super) fn client_id(file: &Container) -> Result<String> {
    let id = file.header().text("client_id")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
        return Err(bad_input(file.path(), "client_id", id, "a client id is 1 to 64 letters, digits, '.', '_' or '-'"));
    }
    Ok(id.to_owned())
}

/// The chunks of an artefact that holds proofs: rising, and exactly one message for each, of a size that it can have.
pub(super) fn messages(file: &Container) -> Result<Vec<usize>> {
    let chunks = file.header().counts("chunks")?;
    if !rising(&chunks) || chunks.last().is_none_or(|chunk| *chunk > MAX_CHUNK) {
        let message = "must be rising chunk numbers, and there must be one";
        return Err(bad_input(file.path(), "chunks", format!("{chunks:?}"), message));
    }
    let names: Vec<String> = chunks.iter().map(|chunk| message_name(*chunk)).collect();
    file.expect_only(&names)?;
    for name in &names {
        let size = file.length(name)?;
        if size == 0 || size > MAX_MESSAGE {
            return Err(bad_input(file.path(), name, size, format!("a chunk's message has 1 to {MAX_MESSAGE} bytes")));
        }
        file.expect(name, Dtype::U8, &[size])?;
    }
    Ok(chunks)
}

/// The message of one chunk, whose size [`messages`] has checked.
pub(super) fn message(file: &Container, chunk: usize) -> Result<Vec<u8>> {
    file.read_all(&message_name(chunk))
}

fn message_name(chunk: usize) -> String {
    format!("proof.{chunk:05}")
}

/// Each number once, in order.
pub(super) fn rising(numbers: &[usize]) -> bool {
    numbers.windows(2).all(|pair| pair[0] < pair[1])
}
