//! Scalars as sparse signed digits of half the length, by the endomorphism φ(x, y) = (βx, y) = λ·(x, y).
//!
//! λ = z² − 1 with the curve's parameter z, so λ² + λ + 1 is the group's order r; s = s1 + s2·λ with 0 ≤ s1, s2 < 2^128.

use std::sync::OnceLock;

use blst::{blst_fp, blst_p1_affine};
use ff::PrimeField;
use group::Group;
use midnight_curves::G1Projective;

use crate::commit::point::to_affine;
use crate::field::{self, F};

/// |z|.
const Z: u128 = 0xd201_0000_0001_0000;
const LAMBDA: u128 = Z * Z - 1;
/// Bits of a digit: digits are odd, below 2^(WIDTH−1) in magnitude.
const WIDTH: u32 = 5;
/// Odd multiples that digits name: 1, 3, …, 2^(WIDTH−1) − 1.
pub(super) const MULTIPLES: usize = 1 << (WIDTH - 2);
/// Places of the digits of a half.
pub(super) const BITS: usize = 129;

/// ±(2·multiple + 1) times a point, or times its image.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Digit {
    pub point: usize,
    pub multiple: usize,
    pub image: bool,
    pub negative: bool,
}

/// β: the x of λ·P over the x of P.
pub(super) fn beta() -> &'static blst_fp {
    static BETA: OnceLock<blst_fp> = OnceLock::new();
    BETA.get_or_init(|| {
        let generator = G1Projective::generator();
        let points: Vec<blst_p1_affine> = to_affine(&[generator, generator * F::from_u128(LAMBDA)]);
        let (mut inverse, mut out) = (blst_fp::default(), blst_fp::default());
        // SAFETY: all pointers are valid for the calls.
        unsafe {
            blst::blst_fp_inverse(&mut inverse, &points[0].x);
            blst::blst_fp_mul(&mut out, &points[1].x, &inverse);
        }
        out
    })
}

/// Calls `emit` with each non-zero digit and its place; `point` is left 0.
pub(super) fn recode(scalar: &F, mut emit: impl FnMut(usize, Digit)) {
    let (low, high) = split(scalar);
    for (half, image) in [(low, false), (high, true)] {
        digits(half, |bit, value| {
            let multiple = usize::from(value.unsigned_abs() / 2);
            emit(bit, Digit { point: 0, multiple, image, negative: value < 0 });
        });
    }
}

/// (s mod λ, ⌊s/λ⌋): both below 2^128 as r < λ·2^128.
fn split(scalar: &F) -> (u128, u128) {
    let bytes = field::to_le_bytes(scalar);
    let half = |start: usize| bytes[start..start + 16].iter().rev().fold(0u128, |x, b| x << 8 | u128::from(*b));
    let (mut rest, mut quotient) = (half(16), 0u128);
    let low = half(0);
    // Schoolbook, bit by bit: `rest` stays below λ, so one bit may fall out of the shift.
    debug_assert!(rest < LAMBDA);
    for bit in (0..128).rev() {
        let carry = rest >> 127 == 1;
        rest = rest << 1 | (low >> bit & 1);
        if carry || rest >= LAMBDA {
            rest = rest.wrapping_sub(LAMBDA);
            quotient |= 1 << bit;
        }
    }
    (rest, quotient)
}

/// Non-adjacent digits of width WIDTH, from the lowest.
fn digits(value: u128, mut emit: impl FnMut(usize, i8)) {
    // One bit more than 128, for the carry of a last negative digit.
    let (mut rest, mut carry) = (value, 0u128);
    let mut bit = 0;
    while rest != 0 || carry != 0 {
        let odd = (rest & 1) ^ carry;
        if odd == 0 {
            // rest + carry is even: halve it.
            carry &= rest & 1;
            rest >>= 1;
            bit += 1;
            continue;
        }
        let window = ((rest & ((1 << WIDTH) - 1)) + carry) as i8;
        let negative = window >= 1 << (WIDTH - 1);
        emit(bit, if negative { window - (1 << WIDTH) } else { window });
        carry = u128::from(negative);
        rest >>= WIDTH;
        bit += WIDTH as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::fi;
    use ff::Field;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    #[test]
    fn digits_give_the_scalar_back() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let edge =
            [F::ZERO, F::ONE, -F::ONE, fi(LAMBDA as i128), fi(i128::MAX), fi(i128::MIN), F::from_u128(u128::MAX)];
        for scalar in edge.into_iter().chain((0..500).map(|_| F::random(&mut rng))) {
            let mut sum = F::ZERO;
            recode(&scalar, |bit, digit| {
                assert!(bit < BITS && digit.multiple < MULTIPLES);
                let value = F::from(2 * digit.multiple as u64 + 1) * F::from(2).pow([bit as u64]);
                let value = if digit.image { value * F::from_u128(LAMBDA) } else { value };
                sum += if digit.negative { -value } else { value };
            });
            assert_eq!(sum, scalar);
        }
    }

    #[test]
    fn the_endomorphism_is_that_of_the_curve() {
        let lambda = F::from_u128(LAMBDA);
        assert_eq!(lambda.square() + lambda + F::ONE, F::ZERO);
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let p = G1Projective::random(&mut rng);
        let mut image = to_affine(&[p])[0];
        // SAFETY: in- and output may coincide.
        unsafe { blst::blst_fp_mul(&mut image.x, &image.x, beta()) };
        assert_eq!(crate::commit::from_affine(&image), p * lambda);
    }
}
