//! Random rows that hide committed columns. Long-lived ones (θ, Ĝ) are expanded from a 32-byte seed of the operating
//! system's generator, so that they can be reproduced when the column is used again; the rest is drawn afresh.
//!
//! Seeds, stream states and expanded cells are overwritten when they are done with. Copies in whole columns, in their
//! polynomials and in the sums of a multi-exponentiation are not: they are as many as the proof has steps, and end with
//! the process.

use ff::Field;
use rand::rngs::OsRng;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

use crate::field::F;
use crate::plonk::Randomness;

const DOMAIN: &[u8] = b"zkapex/blind/1";

/// A secret seed of 32 bytes, wiped when dropped.
pub type Seed = Zeroizing<[u8; 32]>;

/// A new seed from the operating system.
pub fn fresh_seed() -> Seed {
    let mut seed = Zeroizing::new([0u8; 32]);
    OsRng.fill_bytes(seed.as_mut());
    seed
}

/// Blinding cells by column, overwritten when dropped.
#[derive(PartialEq)]
pub struct Wiped(Vec<Vec<F>>);

impl std::ops::Deref for Wiped {
    type Target = Vec<Vec<F>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Vec<Vec<F>>> for Wiped {
    fn from(columns: Vec<Vec<F>>) -> Self {
        Wiped(columns)
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Overwrites blinding cells. Whoever could read them later could open the column.
pub fn wipe(columns: &mut [Vec<F>]) {
    for column in columns {
        column.fill(F::ZERO);
        std::hint::black_box(column); // or the compiler may leave out writes that nothing reads
    }
}

/// The `count` blinding elements of one column. `label`, `chunk`, `row` and `lane` separate the streams of one seed.
pub fn expand(seed: &[u8; 32], label: &str, chunk: usize, row: usize, lane: usize, count: usize) -> Vec<F> {
    let mut key = blake2b_simd::Params::new().hash_length(32).key(seed).to_state();
    key.update(DOMAIN).update(label.as_bytes());
    for index in [chunk, row, lane] {
        key.update(&(index as u64).to_le_bytes());
    }
    let mut bytes = Zeroizing::new([0u8; 32]);
    bytes.copy_from_slice(key.finalize().as_bytes());
    let mut stream = ChaCha20Rng::from_seed(*bytes);
    let cells = (0..count).map(|_| F::random(&mut stream)).collect();
    stream = ChaCha20Rng::from_seed([0; 32]); // its state holds the key
    std::hint::black_box(&stream);
    cells
}

/// Blinding of θ of one chunk, by lane.
pub fn theta(seed: &[u8; 32], chunk: usize, lanes: usize, count: usize) -> Vec<Vec<F>> {
    (0..lanes).map(|lane| expand(seed, "theta", chunk, 0, lane, count)).collect()
}

/// Where the randomness of a proving run comes from.
pub enum Source {
    /// The operating system, anew for each use.
    System,
    /// A seed that somebody may know, so that proofs can be made again byte for byte: they hide nothing.
    Insecure(Seed),
}

impl Source {
    /// True where the proofs hide nothing.
    pub fn insecure(&self) -> bool {
        matches!(self, Source::Insecure(_))
    }

    /// Fresh blinding of `columns` columns of one chunk.
    pub fn fresh(&self, chunk: usize, columns: usize, count: usize) -> Wiped {
        let seed = self.seed("fresh", chunk);
        Wiped((0..columns).map(|column| expand(&seed, "fresh", 0, 0, column, count)).collect())
    }

    /// The secret seed of the new weights' commitment of one chunk.
    pub fn theta(&self, chunk: usize) -> Seed {
        self.seed("theta", chunk)
    }

    /// The randomness of one chunk's Halo2 proof.
    pub fn proof(&self, chunk: usize) -> Randomness {
        match self {
            Source::System => Randomness::System,
            Source::Insecure(_) => Randomness::Insecure(self.seed("proof", chunk)),
        }
    }

    fn seed(&self, use_: &str, chunk: usize) -> Seed {
        let Source::Insecure(seed) = self else { return fresh_seed() };
        let mut key = blake2b_simd::Params::new().hash_length(32).key(seed.as_ref()).to_state();
        key.update(format!("zkapex/insecure/{use_}/1").as_bytes()).update(&(chunk as u64).to_le_bytes());
        let mut out = Seed::default();
        out.copy_from_slice(key.finalize().as_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_reproducible_and_distinct() {
        let seed = fresh_seed();
        let base = expand(&seed, "theta", 1, 2, 3, 4);
        assert_eq!(base, expand(&seed, "theta", 1, 2, 3, 4));
        for other in [
            expand(&seed, "gradient", 1, 2, 3, 4),
            expand(&seed, "theta", 2, 1, 3, 4),
            expand(&seed, "theta", 1, 3, 2, 4),
            expand(&fresh_seed(), "theta", 1, 2, 3, 4),
        ] {
            assert!(base.iter().zip(&other).all(|(a, b)| a != b));
        }
        let drawn = Source::System.fresh(0, 2, 2);
        assert!(drawn[0] != drawn[1] && drawn != Source::System.fresh(0, 2, 2));
    }

    /// No cell of any column, chunk, round or run is drawn twice, whether fresh or expanded from a seed of its own.
    #[test]
    fn cells_never_repeat() {
        let mut cells = std::collections::HashSet::new();
        let mut drawn = 0;
        for chunk in 0..20 {
            let long = theta(&Source::System.theta(chunk), chunk, 4, 32);
            for column in Source::System.fresh(chunk, 7, 32).iter().chain(&long) {
                drawn += column.len();
                cells.extend(column.iter().map(crate::field::to_le_bytes));
            }
        }
        assert_eq!((cells.len(), drawn), (drawn, 20 * 11 * 32));
    }

    #[test]
    fn wiped_cells_are_zero() {
        let mut columns = vec![expand(&fresh_seed(), "theta", 0, 0, 0, 3); 2];
        wipe(&mut columns);
        assert_eq!(columns, vec![vec![F::ZERO; 3]; 2]);
    }

    #[test]
    fn insecure_sources_repeat_themselves() {
        let source = || Source::Insecure(Seed::new([7; 32]));
        let proof = |chunk| match source().proof(chunk) {
            Randomness::Insecure(seed) => seed,
            Randomness::System => panic!("an insecure source draws from its seed"),
        };
        assert!(source().insecure() && !Source::System.insecure());
        assert!(source().fresh(3, 2, 2) == source().fresh(3, 2, 2));
        assert_eq!((source().theta(3), proof(3)), (source().theta(3), proof(3)));
        let seeds = [source().theta(3), proof(3), source().theta(4), proof(4)];
        assert!((0..4).all(|i| (0..i).all(|j| seeds[i] != seeds[j])));
        assert!(source().fresh(3, 1, 1) != source().fresh(4, 1, 1));
        assert!(matches!(Source::System.proof(3), Randomness::System));
        assert_ne!(Source::System.theta(3), Source::System.theta(3));
    }
}
