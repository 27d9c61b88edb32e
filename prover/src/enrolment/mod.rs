//! The relation `enrol`: what a client proves once for each chunk that it enrols, before any mask exists.
//!
//! Gradient rows Ĝ_k and Δ = θ̂p − f_cum∘θ̂0 have entries below 2^28, ΣΔ² ≤ D0, and both are zero on pads and on weights that
//! were forgotten before; a re-enrolment keeps θ̂. Without it the certificate of the online relation says nothing, because
//! rows of large field elements satisfy it with any update. Modules are those of [`crate::online`].

pub mod assign;
pub mod cells;
pub mod columns;
pub mod layout;
pub mod prove;
pub mod session;
pub mod statement;
pub mod verify;
pub mod witness;

pub use layout::Layout;
pub use statement::Statement;

/// Name of the relation, as the tables state it and every transcript absorbs it.
pub const RELATION: &str = "enrol";
