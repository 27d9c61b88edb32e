//! Hostile bytes for every parser of `zkapex-prover`.
//!
//! [`targets`] has one entry for each format: what reads it, and where its digests and checks lie. [`mutate`] changes a file of a
//! format so that the change gets past those: it takes the file apart, alters it, and seals it again. `main.rs` drives both by
//! libFuzzer; `prover/tests/fuzz` includes these sources and replays the kept corpus without it.

pub mod dice;
pub mod json;
pub mod mutate;
pub mod parts;
pub mod scratch;
pub mod slots;
pub mod targets;
