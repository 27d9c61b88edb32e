//! What a client sends for one chunk: commitments of its rounds and the Halo2 proof.

use midnight_curves::G1Projective;

use super::Layout;
use crate::commit;
use crate::error::{Error, Result};

/// A compressed point, 48 bytes.
pub const POINT: usize = 48;

/// θ̂u (P points), ŷ (P), bits (L), q (1), then the proof; `bytes` is the message as sent.
pub struct Message {
    bytes: Vec<u8>,
    points: Vec<G1Projective>,
    lanes: usize,
}

impl Message {
    fn point_count(layout: &Layout) -> usize {
        2 * layout.lanes + layout.bit_columns + 1
    }

    /// Parses hostile bytes: canonical points on the curve, in the subgroup and not at infinity.
    pub fn parse(layout: &Layout, bytes: Vec<u8>) -> Result<Self> {
        let count = Self::point_count(layout);
        if bytes.len() < count * POINT {
            return Err(Error::refused(format!("the proof has {} bytes, too few for its {count} commitments", bytes.len())));
        }
        let points = commit::parse_compressed_checked(&bytes[..count * POINT])?;
        Ok(Message { bytes, points, lanes: layout.lanes })
    }

    pub fn theta_u(&self) -> &[G1Projective] {
        &self.points[..self.lanes]
    }

    pub fn y(&self) -> &[G1Projective] {
        &self.points[self.lanes..2 * self.lanes]
    }

    pub fn bits(&self) -> &[G1Projective] {
        &self.points[2 * self.lanes..self.points.len() - 1]
    }

    pub fn q(&self) -> &G1Projective {
        &self.points[self.points.len() - 1]
    }

    fn slice(&self, from: usize, to: usize) -> &[u8] {
        &self.bytes[from * POINT..to * POINT]
    }

    pub fn theta_u_bytes(&self) -> &[u8] {
        self.slice(0, self.lanes)
    }

    pub fn y_bytes(&self) -> &[u8] {
        self.slice(self.lanes, 2 * self.lanes)
    }

    pub fn bits_bytes(&self) -> &[u8] {
        self.slice(2 * self.lanes, self.points.len() - 1)
    }

    pub fn q_bytes(&self) -> &[u8] {
        self.slice(self.points.len() - 1, self.points.len())
    }

    pub fn proof(&self) -> &[u8] {
        &self.bytes[self.points.len() * POINT..]
    }
}
