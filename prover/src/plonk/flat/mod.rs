//! Proofs for tables without lookups and copies, which both relations of the protocol are.
//!
//! The proofs are those of `midnight-proofs` for the same columns and the same randomness, byte for byte (a test compares
//! them); only the way to them differs.
//!
//! Kernels are unsafe as a whole: the one thing that their callers must see to is that the processor has the instructions.

#![allow(unsafe_op_in_unsafe_fn)]

mod engine;
mod linear;
mod ntt;
mod opening;
mod program;
mod prove;
mod queries;
mod quotient;
#[cfg(test)]
mod tests;
mod verify;
#[cfg(test)]
mod verify_tests;
mod weights;

pub(super) use prove::FlatProver;
pub(super) use verify::FlatVerifier;
