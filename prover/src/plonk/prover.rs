//! Making proofs.

use std::sync::Arc;

use midnight_curves::G1Projective;
use midnight_proofs::plonk::{create_proof, keygen_pk, keygen_vk_with_k, ProvingKey};
use midnight_proofs::transcript::Transcript;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::circuit::TableCircuit;
use super::flat::FlatProver;
use super::scheme::{KnownCommitments, ProofParams};
use super::{check_columns, check_key, check_sizes, guarded, transcript, Facts};
use crate::error::{Error, Result};
use crate::field::F;
use crate::srs::Srs;
use crate::tables::Tables;
use crate::vector;

/// A committed instance column: its values, and the commitment that the verifier holds or derives.
#[derive(Clone, Debug)]
pub struct Committed {
    pub values: Vec<F>,
    pub commitment: G1Projective,
}

/// Proving key of some tables.
pub struct ProverSetup {
    tables: Arc<Tables>,
    srs: Arc<Srs>,
    way: Way,
}

/// How proofs are made; their bytes do not depend on it.
enum Way {
    /// Tables without lookups and copies.
    Flat(FlatProver),
    /// The library's own prover.
    Library(ProvingKey<F, KnownCommitments>),
}

impl ProverSetup {
    /// Makes the keys.
    ///
    /// # Errors
    /// `Error::Input` where the SRS has another size than the tables.
    pub fn new(tables: Arc<Tables>, srs: Arc<Srs>) -> Result<Self> {
        check_sizes(&tables, &srs)?;
        let circuit = TableCircuit::new(tables.clone());
        let params = ProofParams::new(srs.clone(), []);
        let way = guarded(Error::internal, || {
            let verifying =
                keygen_vk_with_k(&params, &circuit, tables.k).map_err(|e| Error::internal(e.to_string()))?;
            check_key(&tables, &verifying)?;
            if FlatProver::takes(&tables) {
                return Ok(Way::Flat(FlatProver::new(tables.clone(), srs.clone(), verifying, vector::wide())));
            }
            let key = keygen_pk(verifying, &circuit).map_err(|e| Error::internal(e.to_string()))?;
            Ok(Way::Library(key))
        })?;
        Ok(ProverSetup { tables, srs, way })
    }

    /// A proof that the columns satisfy the tables, bound to the digest of the outer transcript.
    ///
    /// Columns may be shorter than the usable rows; the rest is 0. Whether they satisfy the tables is not checked: if they
    /// do not, or if a commitment is not that of its values, the proof is refused by every verifier.
    ///
    /// # Errors
    /// `Error::Internal` where columns are missing or too long.
    pub fn prove(
        &self,
        committed: Vec<Committed>,
        plain: &[Vec<F>],
        advice: Vec<Vec<F>>,
        outer: &[u8; 64],
    ) -> Result<Vec<u8>> {
        let (tables, usable) = (&self.tables, self.tables.usable_rows());
        let count = tables.committed();
        check_columns("committed", count, usable, committed.iter().map(|c| c.values.as_slice()))?;
        check_columns("plain", tables.instance.len() - count, usable, plain.iter().map(Vec::as_slice))?;
        check_columns("advice", tables.advice.len(), usable, advice.iter().map(Vec::as_slice))?;
        let rng = ChaCha20Rng::from_entropy();
        let key = match &self.way {
            Way::Flat(flat) => {
                return guarded(Error::internal, || flat.prove(&committed, plain, advice, outer, rng));
            }
            Way::Library(key) => key,
        };
        let params = ProofParams::new(self.srs.clone(), committed.iter().map(|c| c.commitment));
        let instance: Vec<&[F]> = committed.iter().map(|c| &c.values).chain(plain).map(Vec::as_slice).collect();
        let circuit = TableCircuit::with_advice(self.tables.clone(), advice);
        let mut transcript = transcript::for_prover(outer).map_err(|e| Error::io("transcript", e))?;
        guarded(Error::internal, || {
            create_proof(&params, key, &[circuit], count, &[&instance], &mut transcript, rng)
                .map_err(|e| Error::internal(format!("the proof system refused the columns: {e}")))
        })?;
        if !params.exhausted() {
            return Err(Error::internal("a known commitment was not used"));
        }
        Ok(transcript.finalize())
    }

    /// Sizes of the circuit and its proofs.
    pub fn facts(&self) -> Facts {
        match &self.way {
            Way::Flat(flat) => Facts::new(&self.tables, flat.key()),
            Way::Library(key) => Facts::new(&self.tables, key.get_vk()),
        }
    }
}
