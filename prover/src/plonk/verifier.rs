//! Checking proofs.

use std::sync::Arc;

use midnight_curves::{Bls12, G1Projective};
use midnight_proofs::plonk::{keygen_vk_with_k, prepare, VerifyingKey};
use midnight_proofs::poly::kzg::params::ParamsVerifierKZG;
use midnight_proofs::transcript::Transcript;

use super::circuit::TableCircuit;
use super::flat::{FlatProver, FlatVerifier};
use super::{check_columns, check_key, check_sizes, guarded, opening, transcript, Facts, Kzg, Opening};
use crate::error::{Error, Result};
use crate::field::F;
use crate::srs::Srs;
use crate::tables::Tables;
use crate::vector;

/// Verifying key of some tables. Fixed commitments are computed from the tables, never read.
pub struct VerifierSetup {
    tables: Arc<Tables>,
    params: ParamsVerifierKZG<Bls12>,
    key: VerifyingKey<F, Kzg>,
    facts: Facts,
    /// Where the tables have neither lookups nor copies.
    pub(super) flat: Option<FlatVerifier>,
}

impl VerifierSetup {
    /// Makes the key.
    ///
    /// # Errors
    /// `Error::Input` where the SRS has another size than the tables.
    pub fn new(tables: Arc<Tables>, srs: Arc<Srs>) -> Result<Self> {
        check_sizes(&tables, &srs)?;
        let circuit = TableCircuit::new(tables.clone());
        let key = guarded(Error::internal, || {
            keygen_vk_with_k(&srs.params, &circuit, tables.k).map_err(|e| Error::internal(e.to_string()))
        })?;
        check_key(&tables, &key)?;
        let facts = Facts::new(&tables, &key);
        let flat = FlatProver::takes(&tables).then(|| FlatVerifier::new(&tables, &key, vector::wide()));
        Ok(VerifierSetup { tables, params: srs.params.verifier_params(), key, facts, flat })
    }

    /// Accepts or refuses a proof: its exact length, canonical points and scalars, the constraints, the openings.
    ///
    /// # Errors
    /// `Error::Refused` for any bytes that are not a proof of these columns; `Error::Internal` where columns are missing or
    /// too long, which is the caller's fault.
    pub fn verify(&self, committed: &[G1Projective], plain: &[Vec<F>], outer: &[u8; 64], proof: &[u8]) -> Result<()> {
        self.finish(&self.prepare(committed, plain, outer, proof)?)
    }

    /// All of [`Self::verify`] but its last check, which [`Self::finish`] does for one proof and [`Self::hold`] for many.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn prepare(
        &self,
        committed: &[G1Projective],
        plain: &[Vec<F>],
        outer: &[u8; 64],
        proof: &[u8],
    ) -> Result<Opening> {
        let (tables, usable) = (&self.tables, self.tables.usable_rows());
        check_columns("committed", tables.committed(), usable, committed.iter().map(|_| &[][..]))?;
        check_columns("plain", tables.instance.len() - tables.committed(), usable, plain.iter().map(Vec::as_slice))?;
        if proof.len() != self.facts.proof_bytes {
            let message = format!("the proof has {} bytes, not {}", proof.len(), self.facts.proof_bytes);
            return Err(Error::refused(message).at_field("proof").with_value(proof.len()));
        }
        guarded(
            |panic| refuse(&panic),
            || match &self.flat {
                Some(flat) => flat
                    .prepare(tables, &self.key, (committed, plain), outer, proof)
                    .map_err(|e| refuse(&e.to_string())),
                None => self.by_library(committed, plain, outer, proof),
            },
        )
    }

    /// The same by `midnight-proofs` itself, for any tables.
    fn by_library(
        &self,
        committed: &[G1Projective],
        plain: &[Vec<F>],
        outer: &[u8; 64],
        proof: &[u8],
    ) -> Result<Opening> {
        let plain: Vec<&[F]> = plain.iter().map(Vec::as_slice).collect();
        let mut transcript = transcript::for_verifier(outer, proof).map_err(|e| refuse(&e.to_string()))?;
        let guard = prepare::<F, Kzg, _>(&self.key, &[committed], &[&plain], &mut transcript);
        let guard = guard.map_err(|e| refuse(&e.to_string()))?;
        // `prepare` does not look at what follows the proof.
        transcript.assert_empty().map_err(|_| refuse("bytes follow it"))?;
        Ok(Opening::of_library(&guard))
    }

    /// [`Self::verify`] by `midnight-proofs`, whatever the tables.
    #[cfg(test)]
    pub(super) fn verify_by_library(
        &self,
        committed: &[G1Projective],
        plain: &[Vec<F>],
        outer: &[u8; 64],
        proof: &[u8],
    ) -> Result<()> {
        guarded(|panic| refuse(&panic), || self.finish(&self.by_library(committed, plain, outer, proof)?))
    }

    /// The last check of one proof.
    ///
    /// # Errors
    /// `Error::Refused` where an opening or a constraint does not hold.
    pub fn finish(&self, opening: &Opening) -> Result<()> {
        match self.hold(&[opening]) {
            true => Ok(()),
            false => Err(refuse("an opening or a constraint does not hold")),
        }
    }

    /// The last check of many proofs at once; where it fails, [`Self::finish`] tells which.
    pub fn hold(&self, openings: &[&Opening]) -> bool {
        opening::hold(&self.params, self.key.fixed_commitments(), openings)
    }

    /// Sizes of the circuit and its proofs.
    pub fn facts(&self) -> Facts {
        self.facts.clone()
    }
}

fn refuse(why: &str) -> Error {
    Error::refused(format!("the Halo2 proof is refused: {why}")).at_field("proof")
}
