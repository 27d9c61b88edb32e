//! The artefacts that proving and verifying read, each parsed once into bounded, typed values.

mod base;
mod client;
mod frame;
mod parts;
mod request;

use std::path::Path;

pub use base::{Base, EnrolmentProof};
pub use client::{gradients_name, on_grid, Enrolment, Secret, State, Update};
pub use frame::Frame;
pub use parts::{Made, Model};
pub use request::{forget_name, Bundle, Request};

use super::container::Container;
use crate::error::Result;

/// Uncompressed point, 96 bytes.
pub const UNCOMPRESSED: usize = 96;
/// Largest damping that a statement accepts.
pub const MAX_GAMMA: u128 = 1 << 39;

/// Points of an artefact, checked once at admission and kept uncompressed.
pub struct Points {
    pub file: Container,
}

impl Points {
    /// Opens the points of the artefact with digest `of`.
    pub fn open(path: &Path, of: &[u8; 32]) -> Result<Self> {
        let file = Container::open(path, "points")?;
        file.expect_fields(&["of"])?;
        file.header().expect_str("of", &hex::encode(of))?;
        Ok(Points { file })
    }
}

/// Bit `index` of a little-endian bit mask.
pub fn bit(mask: &[u8], index: usize) -> bool {
    mask[index / 8] >> (index % 8) & 1 == 1
}
