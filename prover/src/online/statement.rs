//! The public side of one chunk: everything that a verifier holds before it sees a proof.

use blst::blst_p1_affine;
use midnight_curves::G1Projective;

use super::layout::SLACKS;
use crate::chunk::opening::{absorb_limit, Opening};
use crate::transcript::OuterTranscript;

/// Digests and names that are the same for every chunk of one proof bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub opening: Opening,
    pub state: [u8; 32],
    pub request: [u8; 32],
}

/// Compressed commitments of one chunk as the artefacts hold them, bound by the transcript.
#[derive(Clone, Debug, Default)]
pub struct CommitmentBytes {
    pub theta_p: Vec<u8>,
    pub free: Vec<u8>,
    pub gradients: Vec<u8>,
    pub forget_rows: Vec<u8>,
}

/// One chunk's statement; every value has been parsed and checked.
pub struct Statement {
    pub chunk: usize,
    /// Weights of this chunk; the remaining cells are pads.
    pub weights: usize,
    /// γ̂, the damping.
    pub gamma: u64,
    /// T1, T2 and D.
    pub limits: [u128; SLACKS],
    /// True on weights that neither this request nor an accepted one masks; by lane, false on pads.
    pub free: Vec<Vec<bool>>,
    pub theta_p: Vec<G1Projective>,
    pub com_free: Vec<G1Projective>,
    /// Commitments of the stacked curvature rows, by lane: the client's, then the request's.
    pub rows_by_lane: Vec<Vec<blst_p1_affine>>,
    pub bytes: CommitmentBytes,
}

/// T1 = ⌊γ̂²·d/8⌋ and T2 = 32·n·γ̂ for d weights and n stacked rows.
///
/// γ̂ ≤ 2^39 and d, n ≤ 2^20 keep both below 2^99.
pub fn rules(gamma: u64, weights: usize, rows: usize) -> (u128, u128) {
    let gamma = u128::from(gamma);
    (gamma * gamma * weights as u128 / 8, 32 * rows as u128 * gamma)
}

impl Statement {
    /// The transcript after everything that is fixed before the first round.
    pub fn transcript(&self, binding: &Binding) -> OuterTranscript {
        let mut transcript = binding.opening.transcript(super::RELATION);
        transcript.absorb("state", &binding.state);
        transcript.absorb("request", &binding.request);
        transcript.absorb_u64("chunk", self.chunk as u64);
        transcript.absorb_u64("weights", self.weights as u64);
        transcript.absorb_u64("gamma", self.gamma);
        for (label, limit) in ["t1", "t2", "d"].into_iter().zip(self.limits) {
            absorb_limit(&mut transcript, label, limit);
        }
        transcript.absorb("theta_p", &self.bytes.theta_p);
        transcript.absorb("free", &self.bytes.free);
        transcript.absorb("gradients", &self.bytes.gradients);
        transcript.absorb("forget_rows", &self.bytes.forget_rows);
        transcript
    }
}

#[cfg(test)]
mod tests {
    use super::rules;

    #[test]
    fn rules_are_exact_at_the_largest_inputs() {
        assert_eq!(rules(1, 7, 72), (0, 2304));
        assert_eq!(rules(3, 8, 72), (9, 6912));
        assert_eq!(rules(1 << 39, 1 << 20, 1 << 11), (1 << 95, 1 << 55));
    }
}
