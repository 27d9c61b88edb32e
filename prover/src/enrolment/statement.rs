//! The public side of one chunk's enrolment: everything that a verifier holds before it sees a proof.

use blst::blst_p1_affine;
use midnight_curves::G1Projective;

use crate::chunk::opening::{absorb_limit, Opening};
use crate::transcript::OuterTranscript;

/// Digests and names that are the same for every chunk of one enrolment proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub opening: Opening,
    /// Digest of the provider's base artefact.
    pub base: [u8; 32],
    /// Digest of the ledger state that a re-enrolment replaces; zeros for a first enrolment.
    pub state: [u8; 32],
}

/// Compressed commitments of one chunk as the transcript absorbs them.
#[derive(Clone, Debug, Default)]
pub struct CommitmentBytes {
    pub theta_p: Vec<u8>,
    pub gradients: Vec<u8>,
    pub base_free: Vec<u8>,
    /// Empty for a first enrolment.
    pub theta_current: Vec<u8>,
}

/// One chunk's statement; every value has been parsed and checked.
pub struct Statement {
    pub chunk: usize,
    /// Weights of this chunk; the remaining cells are pads.
    pub weights: usize,
    /// γ̂, the damping.
    pub gamma: u64,
    /// D0, the largest ΣΔ².
    pub distance: u128,
    /// f_cum by lane: false on pads and on weights that were forgotten before.
    pub free: Vec<Vec<bool>>,
    pub theta_p: Vec<G1Projective>,
    /// Com(f_cum∘θ̂0) by lane.
    pub base_free: Vec<G1Projective>,
    /// The ledger's commitments, which a re-enrolment's θ̂p must agree with.
    pub theta_current: Option<Vec<G1Projective>>,
    /// Commitments of the client's rows, by lane.
    pub rows_by_lane: Vec<Vec<blst_p1_affine>>,
    pub bytes: CommitmentBytes,
}

impl Statement {
    /// The transcript after everything that is fixed before the first challenge.
    pub fn transcript(&self, binding: &Binding) -> OuterTranscript {
        let mut transcript = binding.opening.transcript(super::RELATION);
        transcript.absorb("base", &binding.base);
        transcript.absorb("state", &binding.state);
        transcript.absorb_u64("chunk", self.chunk as u64);
        transcript.absorb_u64("weights", self.weights as u64);
        transcript.absorb_u64("gamma", self.gamma);
        absorb_limit(&mut transcript, "d0", self.distance);
        transcript.absorb("theta_p", &self.bytes.theta_p);
        transcript.absorb("gradients", &self.bytes.gradients);
        transcript.absorb("base_free", &self.bytes.base_free);
        transcript.absorb("theta_current", &self.bytes.theta_current);
        transcript
    }

    /// Com(Δ) by lane.
    pub fn delta(&self) -> Vec<G1Projective> {
        self.theta_p.iter().zip(&self.base_free).map(|(theta, base)| *theta - *base).collect()
    }

    /// Commitments of θ̂p less the ledger's θ̂, by lane: of nothing but blinding.
    pub fn tie(&self) -> Option<Vec<G1Projective>> {
        let current = self.theta_current.as_ref()?;
        Some(self.theta_p.iter().zip(current).map(|(theta, current)| *theta - *current).collect())
    }
}
