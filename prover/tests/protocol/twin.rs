//! Slow twins of what the library computes, and small helpers over field elements.

use ff::{Field, PrimeField};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use zkapex_prover::chunk::ChunkLayout;
use zkapex_prover::field::{self, F};

/// Values by lane and active row.
pub type Lanes = Vec<Vec<F>>;

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Integers drawn from −bound..=bound on every active cell.
pub fn integers(layout: &ChunkLayout, rng: &mut ChaCha20Rng, bound: i64) -> Lanes {
    (0..layout.lanes)
        .map(|_| (0..layout.active_rows).map(|_| field::fi(rng.gen_range(-bound..=bound).into())).collect())
        .collect()
}

pub fn blinds(layout: &ChunkLayout, rng: &mut ChaCha20Rng, count: usize) -> Lanes {
    (0..count).map(|_| (0..layout.blinding_rows).map(|_| F::random(&mut *rng)).collect()).collect()
}

/// `a − b`, cell by cell.
pub fn minus(a: &[Vec<F>], b: &[Vec<F>]) -> Lanes {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| *a - b).collect()).collect()
}

/// Zero wherever `free` is not.
pub fn masked(values: &[Vec<F>], free: &[Vec<bool>]) -> Lanes {
    values
        .iter()
        .zip(free)
        .map(|(v, f)| v.iter().zip(f).map(|(v, f)| if *f { *v } else { F::ZERO }).collect())
        .collect()
}

/// Σ a·b over cells where `keep` says so.
pub fn inner(a: &[Vec<F>], b: &[Vec<F>], keep: impl Fn(usize, usize) -> bool) -> F {
    let mut sum = F::ZERO;
    for (lane, (a, b)) in a.iter().zip(b).enumerate() {
        sum += a.iter().zip(b).enumerate().filter(|(row, _)| keep(lane, *row)).map(|(_, (a, b))| *a * b).sum::<F>();
    }
    sum
}

/// One column of the domain: a head, active cells and blinding.
pub fn column(layout: &ChunkLayout, head: &[F], active: &[F], blind: &[F]) -> Vec<F> {
    let mut out = vec![F::ZERO; layout.blinding_end()];
    out[..head.len()].copy_from_slice(head);
    if !active.is_empty() {
        out[layout.active_start..layout.blinding_start()].copy_from_slice(active);
    }
    out[layout.blinding_start()..][..blind.len()].copy_from_slice(blind);
    out
}

/// Ternary entries by lane, cell and projection, bit by bit from the stream.
pub fn ternary(seed: &[u8; 64], cells: &[usize], projections: usize) -> Vec<Vec<Vec<i8>>> {
    let lane = |(lane, cells): (usize, &usize)| {
        let mut xof = sha3::Shake256::default();
        xof.update(b"zkapex/ternary/1");
        xof.update(seed);
        xof.update(&(lane as u64).to_le_bytes());
        let mut reader = xof.finalize_xof();
        let mut cell = || {
            let mut bytes = [0u8; 32];
            reader.read(&mut bytes);
            let bit = |j: usize| (bytes[j / 8] >> (j % 8) & 1) as i8;
            (0..projections).map(|j| bit(j) - bit(128 + j)).collect()
        };
        (0..*cells).map(|_| cell()).collect()
    };
    cells.iter().enumerate().map(lane).collect()
}

/// entry·value for an entry of −1, 0 or 1.
pub fn signed(entry: i8, value: F) -> F {
    match entry {
        1 => value,
        -1 => -value,
        _ => F::ZERO,
    }
}

/// The `width` low bits of the integer in [0, p) that x stands for.
pub fn low_bits(x: F, width: usize) -> Vec<F> {
    let bytes = x.to_bytes_le();
    (0..width).map(|i| F::from(u64::from(bytes[i / 8] >> (i % 8) & 1))).collect()
}

/// Σ 2^i bits_i.
pub fn from_bits(bits: &[F]) -> F {
    bits.iter().rev().fold(F::ZERO, |sum, bit| sum.double() + bit)
}

/// The integer that x stands for, if it has at most 128 bits.
pub fn to_u128(x: F) -> Option<u128> {
    let bytes = x.to_bytes_le();
    bytes[16..].iter().all(|b| *b == 0).then(|| u128::from_le_bytes(bytes[..16].try_into().unwrap()))
}

pub fn power_of_two(exponent: u64) -> F {
    F::from(2).pow_vartime([exponent])
}

/// A square root of −1 mod p.
pub fn imaginary() -> F {
    let root = F::ROOT_OF_UNITY.pow_vartime([1u64 << (F::S - 2)]);
    assert_eq!(root.square(), -F::ONE);
    root
}
