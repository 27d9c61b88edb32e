//! The online relation `fold_kkt`: what a client proves for each chunk that a request touches.
//!
//! `layout` sizes and row order, `statement` the public side of one chunk, `witness` its secret integers, `blinding` the
//! random rows, `columns` what both sides derive from challenges, `prove` and `verify` the rounds, `session` the files.
//! Gates live in the constraint tables alone; this module fills columns by name.

pub mod blinding;
pub mod columns;
pub mod fold;
pub mod layout;
pub mod message;
pub mod prove;
pub mod round_one;
pub mod round_two;
pub mod running_sum;
pub mod session;
pub mod statement;
pub mod verify;
pub mod witness;

pub use layout::Layout;
pub use message::Message;
pub use statement::Statement;

/// Name of the relation, as the tables state it and every transcript absorbs it.
pub const RELATION: &str = "fold_kkt";
