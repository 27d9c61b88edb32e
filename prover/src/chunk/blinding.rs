//! Random rows that hide committed columns. Long-lived ones (θ, Ĝ) are expanded from a 32-byte seed of the operating
//! system's generator, so that they can be reproduced when the column is used again; the rest is drawn afresh.

use ff::Field;
use rand::rngs::OsRng;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;

use crate::field::F;

const DOMAIN: &[u8] = b"zkapex/blind/1";

/// A secret seed of 32 bytes, wiped when dropped.
pub type Seed = Zeroizing<[u8; 32]>;

/// A new seed from the operating system.
pub fn fresh_seed() -> Seed {
    let mut seed = Zeroizing::new([0u8; 32]);
    OsRng.fill_bytes(seed.as_mut());
    seed
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
    (0..count).map(|_| F::random(&mut stream)).collect()
}

/// Blinding of θ of one chunk, by lane.
pub fn theta(seed: &[u8; 32], chunk: usize, lanes: usize, count: usize) -> Vec<Vec<F>> {
    (0..lanes).map(|lane| expand(seed, "theta", chunk, 0, lane, count)).collect()
}

/// Fresh blinding of `columns` columns.
pub fn fresh(columns: usize, count: usize) -> Vec<Vec<F>> {
    let seed = fresh_seed();
    (0..columns).map(|column| expand(&seed, "fresh", 0, 0, column, count)).collect()
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
        let drawn = fresh(2, 2);
        assert!(drawn[0] != drawn[1] && drawn != fresh(2, 2));
    }
}
