//! Prover and verifier for verifiable personalised unlearning.
//!
//! The crate has two halves. The generic half turns a constraint-table file into a Halo2
//! prover and verifier over BLS12-381: [`tables`] parses the file, [`srs`] holds the
//! structured reference string, [`commit`] commits to columns of small integers, and [`plonk`]
//! proves and verifies. The other half plays the rounds of the protocol on top: [`chunk`] holds what its relations share,
//! [`enrolment`] proves what a client enrols, [`online`] what it does with a deletion request.

#![deny(unsafe_op_in_unsafe_fn)]

pub mod artefact;
pub mod chunk;
pub mod cli;
pub mod commit;
pub mod enrolment;
pub mod error;
pub mod field;
pub mod online;
pub mod plonk;
pub mod progress;
pub mod relation;
pub mod srs;
pub mod tables;
pub mod ternary;
pub mod transcript;
mod vector;

pub use error::{Error, Result};
