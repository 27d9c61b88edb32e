//! What is attacked: one entry for each format that the program reads from outside.

mod artefacts;
mod chunks;
mod files;
mod proofs;
mod vectors;

use zkapex_prover::{Error, Result};

use super::mutate::Shape;

/// Longest message, field or value that an error may repeat of a hostile file.
const MAX_TEXT: usize = 500;

/// A format and what reads it.
pub struct Target {
    pub name: &'static str,
    pub shape: Shape,
    /// Longest input; enough for several chunks of the toy preset.
    pub max: usize,
    run: fn(&[u8]) -> Result<()>,
}

const fn target(name: &'static str, shape: Shape, max: usize, run: fn(&[u8]) -> Result<()>) -> Target {
    Target { name, shape, max, run }
}

/// All targets.
pub const ALL: [Target; 19] = [
    target("tables", Shape::Json, 1 << 15, files::tables),
    target("ceremony", Shape::Json, 1 << 12, files::ceremony),
    target("srs", Shape::Container, 1 << 13, files::srs),
    target("columns", Shape::Container, 1 << 13, files::columns),
    target("public", Shape::Container, 1 << 13, files::public),
    target("points", Shape::Slots, 1 << 10, files::points),
    target("base", Shape::Container, 1 << 13, artefacts::base),
    target("enrolment", Shape::Container, 1 << 13, artefacts::enrolment),
    target("enrolment-proof", Shape::Container, 1 << 14, artefacts::enrolment_proof),
    target("request", Shape::Container, 1 << 13, artefacts::request),
    target("state", Shape::Container, 1 << 13, artefacts::state),
    target("secret", Shape::Container, 1 << 13, artefacts::secret),
    target("update", Shape::Container, 1 << 13, artefacts::update),
    target("admitted", Shape::Container, 1 << 13, artefacts::admitted),
    target("bundle", Shape::Container, 1 << 14, artefacts::bundle),
    target("answer", Shape::Slots, 1 << 13, chunks::answer),
    target("enrolled", Shape::Slots, 1 << 13, chunks::enrolled),
    target("renewed", Shape::Slots, 1 << 13, chunks::renewed),
    target("proof", Shape::Slots, 1 << 13, proofs::proof),
];

/// The target of that name.
pub fn named(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}

impl Target {
    /// Reads hostile bytes: the class of the refusal, and the refusal itself without what it repeats of the file.
    ///
    /// # Panics
    /// Where the reader panics, calls the fault its own or the system's, or repeats too much of what it read.
    pub fn run(&self, bytes: &[u8]) -> Outcome {
        let Err(error) = (self.run)(bytes) else { return Outcome { class: "accepted", reason: String::new() } };
        assert!(matches!(error, Error::Input { .. } | Error::Refused { .. }), "{}: {error:?}", self.name);
        let place = error.place();
        for text in [Some(&error.to_string()), place.field.as_ref(), place.value.as_ref()].into_iter().flatten() {
            assert!(text.chars().count() <= MAX_TEXT, "{}: an error of {} characters", self.name, text.len());
        }
        let field = place.field.iter().flat_map(|field| field.chars()).filter(|c| !c.is_ascii_digit());
        Outcome { class: error.code(), reason: format!("{}: {error}", field.collect::<String>()) }
    }
}

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `accepted`, or the code of the error.
    pub class: &'static str,
    pub reason: String,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} {:?}", self.class, self.reason)
    }
}
