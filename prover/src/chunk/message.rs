//! What a client sends for one chunk: the commitments of its rounds and the Halo2 proof.

use midnight_curves::G1Projective;

use crate::commit;
use crate::error::{Error, Result};

/// A compressed point, 48 bytes.
pub const POINT: usize = 48;

/// Commitments in sections, one for each label of the transcript, then the proof; `bytes` is the message as sent.
pub struct Message {
    bytes: Vec<u8>,
    points: Vec<G1Projective>,
    /// First point of each section, and the end of the last.
    starts: Vec<usize>,
}

impl Message {
    /// Parses hostile bytes with `sizes[i]` commitments in section i: canonical points on the curve, in the subgroup and not
    /// at infinity.
    ///
    /// # Errors
    /// `Error::Refused` where bytes are missing or a point is malformed.
    pub fn parse(sizes: &[usize], bytes: Vec<u8>) -> Result<Self> {
        let mut starts = vec![0];
        starts.extend(sizes.iter().scan(0, |at, size| {
            *at += size;
            Some(*at)
        }));
        let count = starts[sizes.len()];
        if bytes.len() < count * POINT {
            return Err(Error::refused(format!(
                "the proof has {} bytes, too few for its {count} commitments",
                bytes.len()
            )));
        }
        let points = commit::parse_compressed_checked(&bytes[..count * POINT])
            .map_err(|e| Error::refused(format!("a commitment of the proof is malformed: {e}")))?;
        Ok(Message { bytes, points, starts })
    }

    /// Commitments of a section.
    pub fn points(&self, section: usize) -> &[G1Projective] {
        &self.points[self.starts[section]..self.starts[section + 1]]
    }

    /// The section's bytes, as the transcript absorbs them.
    pub fn bytes(&self, section: usize) -> &[u8] {
        &self.bytes[self.starts[section] * POINT..self.starts[section + 1] * POINT]
    }

    /// The Halo2 proof.
    pub fn proof(&self) -> &[u8] {
        &self.bytes[self.points.len() * POINT..]
    }
}
