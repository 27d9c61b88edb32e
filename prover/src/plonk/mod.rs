//! Halo2 proofs for constraint tables: `midnight-proofs`, unmodified, over KZG commitments on BLS12-381.
//!
//! [`TableCircuit`] makes any [`crate::tables::Tables`] a circuit. Committed instance columns are known to the verifier by
//! their commitments, which the rounds of the outer protocol made; the prover hands them over instead of committing again.
//! The inner transcript absorbs the digest of the outer one before anything else.

mod check;
mod circuit;
mod facts;
mod flat;
mod opening;
mod prover;
mod scheme;
mod transcript;
mod verifier;

pub use check::{check, Failure};
pub use circuit::TableCircuit;
pub use facts::Facts;
pub use opening::Opening;
pub use prover::{Committed, ProverSetup, Randomness};
pub use verifier::VerifierSetup;

use midnight_curves::Bls12;
use midnight_proofs::plonk::VerifyingKey;
use midnight_proofs::poly::commitment::PolynomialCommitmentScheme;
use midnight_proofs::poly::kzg::KZGCommitmentScheme;

use crate::error::{Error, Result};
use crate::field::F;
use crate::srs::Srs;
use crate::tables::Tables;

type Kzg = KZGCommitmentScheme<Bls12>;

/// Tables and SRS must be of one size.
fn check_sizes(tables: &Tables, srs: &Srs) -> Result<()> {
    if tables.k != srs.k {
        let message = format!("the SRS has 2^{} powers but the tables need 2^{}", srs.k, tables.k);
        return Err(Error::input(message).at_field("k").with_value(srs.k));
    }
    Ok(())
}

/// The key must leave the circuit exactly the rows that the tables count on.
fn check_key<S: PolynomialCommitmentScheme<F>>(tables: &Tables, key: &VerifyingKey<F, S>) -> Result<()> {
    let usable = tables.domain() - (key.cs().blinding_factors() + 1);
    if usable != tables.usable_rows() || key.cs().degree() != tables.degree() {
        // So it is where the highest degree, or the cells that are read most, stand in a product with a constant that is 0:
        // the library drops such a product, the tables count it.
        let message =
            "the proof system lays the circuit out otherwise than the tables count: a product is zero everywhere";
        return Err(tables.error("gates", message).with_value(key.cs().degree()));
    }
    let cs = key.cs();
    let committed = cs.instance_queries().iter().filter(|(c, _)| c.index() < tables.committed()).map(|(_, at)| at.0);
    let first = cs.advice_queries().iter().map(|(_, at)| at.0).chain(committed).next();
    match first {
        Some(rotation) if rotation != 0 => {
            // See `TableCircuit::configure_with_params`.
            let message = "the proof system needs the first cell that is opened to be of the current row";
            Err(tables.error("gates", message).with_value(rotation))
        }
        _ => Ok(()),
    }
}

/// Each column fits the usable rows, and there are as many as the tables say.
fn check_columns<'a>(
    name: &str,
    expected: usize,
    usable: usize,
    columns: impl ExactSizeIterator<Item = &'a [F]>,
) -> Result<()> {
    if columns.len() != expected {
        let message = format!("{} columns where the tables have {expected}", columns.len());
        return Err(Error::internal(message).at_field(name));
    }
    match columns.map(<[F]>::len).max() {
        Some(longest) if longest > usable => {
            Err(Error::internal(format!("a column of {longest} rows exceeds the {usable} usable ones")).at_field(name))
        }
        _ => Ok(()),
    }
}

/// Runs library code; a panic becomes `on_panic`.
fn guarded<T>(on_panic: fn(String) -> Error, run: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Err(on_panic(text.unwrap_or_else(|| "the proof system panicked".to_owned())))
    })
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod zero_tests;
