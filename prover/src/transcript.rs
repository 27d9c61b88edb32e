//! The outer Fiat–Shamir transcript: a BLAKE2b-512 chain in which every item carries its label and its length.
//!
//! All challenges of the rounds that Halo2 does not know come from here, and the last one is what the Halo2
//! transcript absorbs before anything else. The twin is `reference_prover/transcript.py`; both read
//! `vectors/transcript/`.

use ff::{Field, FromUniformBytes};

use crate::error::{Error, Result};
use crate::field::F;

/// Absorbed first by every transcript; changes when the protocol does.
pub const PROTOCOL: &str = "zkapex/outer/1";

const ABSORB: u8 = 0;
const SQUEEZE: u8 = 1;
const INIT: u8 = 2;

/// State of the chain, 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OuterTranscript {
    state: [u8; 64],
}

fn blake2b(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = blake2b_simd::Params::new().hash_length(64).to_state();
    for part in parts {
        hash.update(part);
    }
    *hash.finalize().as_array()
}

fn length(bytes: &[u8]) -> [u8; 8] {
    (bytes.len() as u64).to_le_bytes()
}

impl Default for OuterTranscript {
    fn default() -> Self {
        Self::new()
    }
}

impl OuterTranscript {
    /// An empty transcript of this protocol version.
    pub fn new() -> Self {
        OuterTranscript { state: blake2b(&[&[INIT], PROTOCOL.as_bytes()]) }
    }

    /// Binds `data` under `label`.
    pub fn absorb(&mut self, label: &str, data: &[u8]) {
        let label = label.as_bytes();
        self.state = blake2b(&[&self.state, &[ABSORB], &length(label), label, &length(data), data]);
    }

    /// Binds a count or an index, 8 bytes little-endian.
    pub fn absorb_u64(&mut self, label: &str, value: u64) {
        self.absorb(label, &value.to_le_bytes());
    }

    /// 64 bytes that depend on all that was absorbed so far.
    pub fn squeeze(&mut self, label: &str) -> [u8; 64] {
        let label = label.as_bytes();
        self.state = blake2b(&[&self.state, &[SQUEEZE], &length(label), label]);
        self.state
    }

    /// A field element: 64 bytes reduced mod p, so its distance to uniform is below 2^-256.
    pub fn challenge(&mut self, label: &str) -> F {
        F::from_uniform_bytes(&self.squeeze(label))
    }

    /// A challenge whose powers separate sums, so that zero would void them.
    ///
    /// # Errors
    /// `Error::Refused` for zero.
    pub fn nonzero_challenge(&mut self, label: &str) -> Result<F> {
        let value = self.challenge(label);
        if bool::from(value.is_zero()) {
            return Err(Error::refused(format!("challenge {label} is zero")));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lengths_and_order_matter() {
        let run = |items: &[(&str, &[u8])]| {
            let mut t = OuterTranscript::new();
            items.iter().for_each(|(l, d)| t.absorb(l, d));
            t.squeeze("r")
        };
        let base = run(&[("a", b"xy"), ("b", b"z")]);
        for other in [
            run(&[("a", b"x"), ("b", b"yz")]),
            run(&[("b", b"z"), ("a", b"xy")]),
            run(&[("ax", b"y"), ("b", b"z")]),
            run(&[("a", b"xy"), ("b", b"z"), ("", b"")]),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn absorbing_nothing_is_not_squeezing() {
        let (mut a, mut b) = (OuterTranscript::new(), OuterTranscript::new());
        a.absorb("eta", b"");
        b.squeeze("eta");
        assert_ne!(a, b);
    }
}
