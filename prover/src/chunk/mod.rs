//! What all relations over a chunk share: its layout, rows of small integers, blinding, folds, cells of bits, the running
//! sum, messages, the head of the transcript, and reading of artefacts by chunk.
//!
//! A relation adds a layout, a statement, its columns, and `prove` and `verify` in protocol order; see
//! [`crate::online`] and [`crate::enrolment`].

pub mod bits;
pub mod blinding;
pub mod columns;
pub mod files;
pub mod fold;
pub mod layout;
pub mod message;
pub mod opening;
pub mod rows;

pub use layout::ChunkLayout;
pub use message::Message;
pub use opening::Opening;
pub use rows::Rows;
