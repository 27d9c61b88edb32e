//! The head of every relation's transcript: what is fixed before a statement is named.

use midnight_curves::G1Projective;

use crate::commit;
use crate::transcript::OuterTranscript;

/// Digests and names that bind a proof to its tables, its SRS and its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub tables: [u8; 32],
    pub srs: [u8; 32],
    pub preset: String,
    pub client: String,
    pub enrolment: [u8; 32],
}

impl Opening {
    /// A transcript that has absorbed the relation and these names.
    pub fn transcript(&self, relation: &str) -> OuterTranscript {
        let mut transcript = OuterTranscript::new();
        transcript.absorb("relation", relation.as_bytes());
        transcript.absorb("tables", &self.tables);
        transcript.absorb("srs", &self.srs);
        transcript.absorb("preset", self.preset.as_bytes());
        transcript.absorb("client", self.client.as_bytes());
        transcript.absorb("enrolment", &self.enrolment);
        transcript
    }
}

/// Absorbs an integer limit as 32 bytes, little-endian.
pub fn absorb_limit(transcript: &mut OuterTranscript, label: &str, limit: u128) {
    let mut bytes = [0u8; 32];
    bytes[..16].copy_from_slice(&limit.to_le_bytes());
    transcript.absorb(label, &bytes);
}

/// Sends commitments: appends their compressed form to the message and absorbs it.
pub fn send(transcript: &mut OuterTranscript, message: &mut Vec<u8>, label: &str, points: &[G1Projective]) {
    let bytes = commit::compress(points);
    transcript.absorb(label, &bytes);
    message.extend_from_slice(&bytes);
}
