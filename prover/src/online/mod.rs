//! The online relation `fold_kkt`: what a client proves for each chunk that a request touches.
//!
//! `layout` sizes, `statement` the public side of one chunk, `witness` its secret integers, `columns` what both sides derive
//! from challenges, `assign` the columns of a witness, `prove` and `verify` the rounds, `session` the files. Gates live in the constraint tables alone; this
//! module fills columns in their order. What is not special to this relation is in [`crate::chunk`].

pub mod assign;
pub mod columns;
pub mod layout;
pub mod prove;
pub mod round_one;
pub mod round_two;
pub mod running_sum;
pub mod session;
pub mod statement;
pub mod verify;
pub mod witness;

pub use layout::Layout;
pub use statement::Statement;

/// Name of the relation, as the tables state it and every transcript absorbs it.
pub const RELATION: &str = "fold_kkt";
