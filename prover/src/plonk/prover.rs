//! Making proofs.

use std::sync::Arc;

use midnight_curves::G1Projective;
use midnight_proofs::plonk::{create_proof, keygen_pk, keygen_vk_with_k, ProvingKey};
use midnight_proofs::transcript::Transcript;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

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

/// Where the randomness of one proof comes from.
#[derive(Clone, Debug)]
pub enum Randomness {
    /// The operating system.
    System,
    /// A seed that somebody may know: such a proof hides nothing. Made on one thread, so that its bytes can be made again.
    Insecure(Zeroizing<[u8; 32]>),
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
    /// `Error::Internal` where columns are missing or too long; `Error::Input` where the library can make no proof of them,
    /// as where a looked-up value is not in its table.
    pub fn prove(
        &self,
        committed: Vec<Committed>,
        plain: &[Vec<F>],
        advice: Vec<Vec<F>>,
        outer: &[u8; 64],
        randomness: &Randomness,
    ) -> Result<Vec<u8>> {
        let (tables, usable) = (&self.tables, self.tables.usable_rows());
        let count = tables.committed();
        check_columns("committed", count, usable, committed.iter().map(|c| c.values.as_slice()))?;
        check_columns("plain", tables.instance.len() - count, usable, plain.iter().map(Vec::as_slice))?;
        check_columns("advice", tables.advice.len(), usable, advice.iter().map(Vec::as_slice))?;
        let make = |rng: ChaCha20Rng| match &self.way {
            Way::Flat(flat) => flat.prove(&committed, plain, advice, outer, rng),
            Way::Library(key) => self.by_library(key, &committed, plain, advice, outer, rng),
        };
        guarded(Error::internal, || match randomness {
            Randomness::System => make(ChaCha20Rng::from_entropy()),
            // One seed a thread goes into the random polynomial.
            Randomness::Insecure(seed) => one_thread()?.install(|| make(ChaCha20Rng::from_seed(**seed))),
        })
    }

    fn by_library(
        &self,
        key: &ProvingKey<F, KnownCommitments>,
        committed: &[Committed],
        plain: &[Vec<F>],
        advice: Vec<Vec<F>>,
        outer: &[u8; 64],
        rng: ChaCha20Rng,
    ) -> Result<Vec<u8>> {
        let params = ProofParams::new(self.srs.clone(), committed.iter().map(|c| c.commitment));
        let instance: Vec<&[F]> = committed.iter().map(|c| &c.values).chain(plain).map(Vec::as_slice).collect();
        let circuit = TableCircuit::with_advice(self.tables.clone(), advice);
        let mut transcript = transcript::for_prover(outer).map_err(|e| Error::io("transcript", e))?;
        create_proof(&params, key, &[circuit], committed.len(), &[&instance], &mut transcript, rng).map_err(|e| {
            let message = format!("the proof system can make no proof of the columns: {e}");
            Error::input(message).at_field("columns")
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

fn one_thread() -> Result<rayon::ThreadPool> {
    let built = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    built.map_err(|e| Error::internal(format!("cannot start a thread: {e}")))
}
