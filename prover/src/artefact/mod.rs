//! Files that cross a trust boundary: safetensors containers with a canonical JSON header, read strictly.
//!
//! `container` knows the wrapping (digests, shapes, streaming reads), `kinds` the artefacts that proving and verifying use,
//! `writer` the atomic, streaming output. The formats are described in `docs/formats.md`.

pub mod container;
pub mod fields;
pub mod kinds;
mod layout;
pub mod plain;
pub mod signature;
mod unique;
pub mod writer;

pub use container::Container;
pub use plain::Plain;

use std::path::Path;

use crate::error::Error;

/// A malformed field of a file.
pub(crate) fn bad_input(
    file: &Path,
    field: impl Into<String>,
    value: impl ToString,
    message: impl Into<String>,
) -> Error {
    Error::input(message).at_field(field).with_value(value.to_string()).at_file(file)
}

/// The operating system refused to read or write a file.
pub(crate) fn io_error(file: &Path, source: std::io::Error) -> Error {
    Error::io("cannot read or write the file", source).at_file(file)
}
