//! The prover's commitment scheme: KZG that is told the commitments of committed instance columns.
//!
//! `create_proof` commits to every committed instance column again, in column order and before any other column of values.
//! [`KnownCommitments`] answers those calls from a queue; all other commitments are made here over affine bases, on the
//! current rayon pool. The proof's bytes are those of the plain scheme.

use std::collections::VecDeque;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use midnight_curves::G1Projective;
use midnight_proofs::poly::commitment::{Guard, Params, PolynomialCommitmentScheme};
use midnight_proofs::poly::{Coeff, Error, LagrangeCoeff, Polynomial, ProverQuery, VerifierQuery};
use midnight_proofs::transcript::{Hashable, Sampleable, Transcript};

use super::Kzg;
use crate::commit::msm;
use crate::field::F;
use crate::srs::Srs;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct KnownCommitments;

/// The SRS and the commitments still to be handed out, for one proof.
pub(super) struct ProofParams {
    srs: Arc<Srs>,
    known: Mutex<VecDeque<G1Projective>>,
}

impl ProofParams {
    pub(super) fn new(srs: Arc<Srs>, known: impl IntoIterator<Item = G1Projective>) -> Self {
        ProofParams { srs, known: Mutex::new(known.into_iter().collect()) }
    }

    /// True once every known commitment was used.
    pub(super) fn exhausted(&self) -> bool {
        self.queue().is_empty()
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<G1Projective>> {
        self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl fmt::Debug for ProofParams {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "ProofParams(k = {})", self.srs.k)
    }
}

impl Params for ProofParams {
    fn max_k(&self) -> u32 {
        self.srs.k
    }

    /// Sizes are checked to be equal before; there is nothing to cut.
    fn downsize(&mut self, _: u32) {}
}

/// The prover never verifies with this scheme.
#[derive(Clone, Debug)]
pub(super) struct NoGuard;

impl Guard<F, KnownCommitments> for NoGuard {
    fn verify(self, _: &()) -> Result<(), Error> {
        Err(Error::OpeningError)
    }
}

impl PolynomialCommitmentScheme<F> for KnownCommitments {
    type Parameters = ProofParams;
    type VerifierParameters = ();
    type Commitment = G1Projective;
    type VerificationGuard = NoGuard;

    fn gen_params(_: u32) -> ProofParams {
        unreachable!("parameters come from an SRS file")
    }

    fn get_verifier_params(_: &ProofParams) {}

    fn commit(params: &ProofParams, poly: &Polynomial<F, Coeff>) -> G1Projective {
        msm::full_parallel(params.srs.powers().first(poly.len()), poly)
    }

    fn commit_lagrange(params: &ProofParams, poly: &Polynomial<F, LagrangeCoeff>) -> G1Projective {
        let known = params.queue().pop_front();
        known.unwrap_or_else(|| msm::full_parallel(params.srs.lagrange().first(poly.len()), poly))
    }

    fn multi_open<T: Transcript>(
        params: &ProofParams,
        queries: &[ProverQuery<F>],
        transcript: &mut T,
    ) -> Result<(), Error>
    where
        F: Sampleable<T::Hash> + Hash + Ord + Hashable<T::Hash>,
        G1Projective: Hashable<T::Hash>,
    {
        Kzg::multi_open(&params.srs.params, queries, transcript)
    }

    fn multi_prepare<'com, T: Transcript>(_: &[VerifierQuery<'com, F, Self>], _: &mut T) -> Result<NoGuard, Error>
    where
        F: Sampleable<T::Hash> + Hash + Ord + Hashable<T::Hash>,
        G1Projective: 'com + Hashable<T::Hash>,
    {
        Err(Error::OpeningError)
    }
}
