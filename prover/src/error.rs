//! The one error type of the crate.
//!
//! Whatever comes from outside is parsed once into a typed value or refused with an [`Error`]
//! that names the file, the field and the value at fault. Nothing read from a file, and no
//! proof, may make the program panic.

use std::fmt::Display;
use std::path::Path;

/// Result with the crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Where a fault was found. Every part may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub file: Option<String>,
    pub field: Option<String>,
    pub value: Option<String>,
}

/// Longest value, field and message that are repeated of a file, in characters; hostile files must not flood the log.
const MAX_VALUE: usize = 120;
const MAX_FIELD: usize = 200;
const MAX_MESSAGE: usize = 400;

/// The kinds of failure, one exit code each.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An input file, option or value is malformed or out of range.
    #[error("{message}")]
    Input { message: String, place: Place },
    /// A proof, opening or policy was checked and refused.
    #[error("{message}")]
    Refused { message: String, place: Place },
    /// The operating system refused to read or write.
    #[error("{message}: {source}")]
    Io { message: String, place: Place, source: std::io::Error },
    /// A fault of the program itself.
    #[error("internal error: {message}")]
    Internal { message: String, place: Place },
}

impl Error {
    /// A malformed input.
    pub fn input(message: impl Into<String>) -> Self {
        Error::Input { message: shortened(message.into(), MAX_MESSAGE), place: Place::default() }
    }

    /// A refused proof.
    pub fn refused(message: impl Into<String>) -> Self {
        Error::Refused { message: shortened(message.into(), MAX_MESSAGE), place: Place::default() }
    }

    /// A failure of the operating system.
    pub fn io(message: impl Into<String>, source: std::io::Error) -> Self {
        Error::Io { message: message.into(), place: Place::default(), source }
    }

    /// A fault of the program.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::Internal { message: message.into(), place: Place::default() }
    }

    /// Stable word for the kind of failure, as the command line reports it.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Input { .. } => "input",
            Error::Refused { .. } => "refused",
            Error::Io { .. } => "io",
            Error::Internal { .. } => "internal",
        }
    }

    /// Exit status of the process: 2 input, 3 refused, 4 i/o, 5 internal.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Input { .. } => 2,
            Error::Refused { .. } => 3,
            Error::Io { .. } => 4,
            Error::Internal { .. } => 5,
        }
    }

    /// Where the fault was found.
    pub fn place(&self) -> &Place {
        match self {
            Error::Input { place, .. }
            | Error::Refused { place, .. }
            | Error::Io { place, .. }
            | Error::Internal { place, .. } => place,
        }
    }

    fn place_mut(&mut self) -> &mut Place {
        match self {
            Error::Input { place, .. }
            | Error::Refused { place, .. }
            | Error::Io { place, .. }
            | Error::Internal { place, .. } => place,
        }
    }

    /// Names the file at fault, unless a closer cause already did.
    pub fn at_file(mut self, file: &Path) -> Self {
        self.place_mut().file.get_or_insert_with(|| file.display().to_string());
        self
    }

    /// Names the field at fault, unless a closer cause already did.
    pub fn at_field(mut self, field: impl Into<String>) -> Self {
        self.place_mut().field.get_or_insert_with(|| shortened(field.into(), MAX_FIELD));
        self
    }

    /// Puts `outer.` before the field that was named, or names `outer`.
    pub fn within(mut self, outer: impl Display) -> Self {
        let place = self.place_mut();
        let field = match place.field.take() {
            Some(inner) if inner.starts_with('[') => format!("{outer}{inner}"),
            Some(inner) => format!("{outer}.{inner}"),
            None => outer.to_string(),
        };
        place.field = Some(shortened(field, MAX_FIELD));
        self
    }

    /// Repeats the value at fault, shortened.
    pub fn with_value(mut self, value: impl Display) -> Self {
        let short = shortened(value.to_string(), MAX_VALUE);
        self.place_mut().value.get_or_insert(short);
        self
    }
}

/// The first `max` characters, and a sign that there were more.
fn shortened(text: String, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Adds the place of a fault to the errors of a computation.
pub trait Locate<T> {
    /// See [`Error::at_file`].
    fn at_file(self, file: &Path) -> Result<T>;
    /// See [`Error::at_field`].
    fn at_field(self, field: impl Into<String>) -> Result<T>;
    /// See [`Error::within`].
    fn within(self, outer: impl Display) -> Result<T>;
}

impl<T> Locate<T> for Result<T> {
    fn at_file(self, file: &Path) -> Result<T> {
        self.map_err(|e| e.at_file(file))
    }
    fn at_field(self, field: impl Into<String>) -> Result<T> {
        self.map_err(|e| e.at_field(field))
    }
    fn within(self, outer: impl Display) -> Result<T> {
        self.map_err(|e| e.within(outer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_built_from_the_inside_out() {
        let e = Error::input("not an integer")
            .at_field("value")
            .with_value("x".repeat(500))
            .within("[3]")
            .within("gates")
            .at_file(Path::new("a.json"))
            .at_file(Path::new("b.json"));
        let place = e.place();
        assert_eq!(place.field.as_deref(), Some("gates[3].value"));
        assert_eq!(place.file.as_deref(), Some("a.json"));
        assert_eq!(place.value.as_ref().map(String::len), Some(MAX_VALUE + 3));
        assert_eq!((e.code(), e.exit_code()), ("input", 2));
    }

    #[test]
    fn nothing_of_a_hostile_file_is_repeated_at_length() {
        let long = "é".repeat(100_000);
        let errors = [Error::input(long.clone()), Error::refused(long.clone())];
        for error in errors.map(|e| e.at_field(long.clone()).within(&long).with_value(&long)) {
            assert_eq!(error.to_string().chars().count(), MAX_MESSAGE + 3);
            let place = error.place();
            let lengths = [&place.field, &place.value].map(|text| text.as_ref().map(|t| t.chars().count()));
            assert_eq!(lengths, [Some(MAX_FIELD + 3), Some(MAX_VALUE + 3)]);
        }
    }

    #[test]
    fn every_kind_has_its_exit_code() {
        let io = Error::io("write", std::io::Error::other("full"));
        let all = [Error::input(""), Error::refused(""), io, Error::internal("")];
        assert_eq!(all.map(|e| e.exit_code()), [2, 3, 4, 5]);
    }
}
