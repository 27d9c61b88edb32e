//! The transcript of the Halo2 proof, bound to the outer one.

use std::io::{self, Read};

use blake2b_simd::State;
use midnight_proofs::transcript::{CircuitTranscript, Hashable, Transcript};

/// The library's BLAKE2b transcript.
pub(super) type InnerTranscript = CircuitTranscript<State>;

/// The digest of the outer transcript: 64 bytes, absorbed first and never written to the proof.
struct OuterDigest([u8; 64]);

impl Hashable<State> for OuterDigest {
    fn to_input(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn read(buffer: &mut impl Read) -> io::Result<Self> {
        let mut bytes = [0u8; 64];
        buffer.read_exact(&mut bytes)?;
        Ok(OuterDigest(bytes))
    }
}

/// Items that the transcript absorbs as if it were one after another.
///
/// The library writes the byte 1 before what it absorbs; here that byte stands between the items already.
pub(super) struct Run(Vec<u8>);

impl Run {
    /// Of one item at least.
    pub(super) fn of<T: AsRef<[u8]>>(items: impl ExactSizeIterator<Item = T>) -> Self {
        const COMMON: u8 = 1;
        debug_assert!(items.len() > 0);
        let mut bytes = Vec::new();
        let count = items.len();
        for (index, item) in items.enumerate() {
            if index == 0 {
                bytes.reserve(count * (item.as_ref().len() + 1));
            } else {
                bytes.push(COMMON);
            }
            bytes.extend_from_slice(item.as_ref());
        }
        Run(bytes)
    }
}

impl Hashable<State> for Run {
    fn to_input(&self) -> Vec<u8> {
        self.0.clone()
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.0.clone()
    }

    fn read(_: &mut impl Read) -> io::Result<Self> {
        Err(io::Error::other("a run of items is absorbed, never read"))
    }
}

/// An empty transcript for a prover.
pub(super) fn for_prover(outer: &[u8; 64]) -> io::Result<InnerTranscript> {
    bind(InnerTranscript::init(), outer)
}

/// A transcript that reads `proof`.
pub(super) fn for_verifier(outer: &[u8; 64], proof: &[u8]) -> io::Result<InnerTranscript> {
    bind(InnerTranscript::init_from_bytes(proof), outer)
}

fn bind(mut transcript: InnerTranscript, outer: &[u8; 64]) -> io::Result<InnerTranscript> {
    transcript.common(&OuterDigest(*outer))?;
    Ok(transcript)
}
