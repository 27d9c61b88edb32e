//! The scalar field of BLS12-381: strict parsing, small constructors, and sums whose reduction is delayed.
//!
//! A field element is held in Montgomery form, x·2^256 mod p. That form is additive, so many elements, or many products of
//! an element's limbs with small integers, can be summed as plain integers and reduced once ([`reduce5`],
//! [`reduce_limbs32`]); the reduced limbs are again the Montgomery form of the sum.

use blst::blst_fr;
use ff::{Field, FromUniformBytes, PrimeField};
use num_bigint::BigUint;

use crate::error::{Error, Result};

/// An element of the scalar field.
pub type F = midnight_curves::Fq;

/// Bytes of a field element.
pub const BYTES: usize = 32;

/// p, little-endian limbs.
pub const MODULUS: [u64; 4] =
    [0xffff_ffff_0000_0001, 0x53bd_a402_fffe_5bfe, 0x3339_d808_09a1_d805, 0x73ed_a753_299d_7d48];

/// p in decimal, as tables state it.
pub const MODULUS_DECIMAL: &str = "52435875175126190479447740508185965837690552500527637822603658699938581184513";

/// One more than the 32 highest bits of p: dividing by it never overestimates a quotient.
const TOP_WORD: u64 = 0x73ed_a754;

/// The field element of a signed integer, v mod p.
#[inline]
pub fn fi(v: i128) -> F {
    let magnitude = v.unsigned_abs();
    let limbs = [magnitude as u64, (magnitude >> 64) as u64, 0, 0];
    let mut out = blst_fr::default();
    // SAFETY: both pointers are to four limbs; every value below 2^128 is canonical.
    unsafe { blst::blst_fr_from_uint64(&mut out, limbs.as_ptr()) };
    let x = F::from(out);
    if v < 0 {
        -x
    } else {
        x
    }
}

/// 1, x, x², …, `count` of them.
pub fn powers(x: F, count: usize) -> Vec<F> {
    std::iter::successors(Some(F::ONE), |p| Some(*p * x)).take(count).collect()
}

/// 64 little-endian bytes reduced mod p. For uniform bytes the distance to uniform is below 2^-256.
pub fn from_wide(bytes: &[u8; 64]) -> F {
    F::from_uniform_bytes(bytes)
}

/// Canonical 32 little-endian bytes.
pub fn to_le_bytes(x: &F) -> [u8; BYTES] {
    x.to_bytes_le()
}

/// Parses 32 little-endian bytes.
///
/// # Errors
/// `Error::Input` for another length, or where the integer is p or more.
pub fn from_le_bytes(bytes: &[u8]) -> Result<F> {
    let refuse = |why: &str| Error::input(format!("a field element {why}")).with_value(hex::encode(bytes));
    let bytes: [u8; BYTES] = bytes.try_into().map_err(|_| refuse("takes 32 bytes"))?;
    Option::from(F::from_repr(bytes)).ok_or_else(|| refuse("is not below the modulus"))
}

/// Concatenated 32-byte scalars, little-endian, as the multi-exponentiations read them.
pub(crate) fn scalar_bytes(values: &[F]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_bytes_le()).collect()
}

/// Parses a canonical decimal integer below p: digits only, no sign, no leading zero.
///
/// # Errors
/// `Error::Input` for anything else.
pub fn parse_decimal(text: &str) -> Result<F> {
    let refuse = |why: &str| Error::input(format!("a field element {why}")).with_value(text);
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if text.is_empty() || !digits || (text.len() > 1 && text.starts_with('0')) {
        return Err(refuse("must be a decimal integer without sign or leading zeros"));
    }
    if text.len() > MODULUS_DECIMAL.len() {
        return Err(refuse("is not below the modulus"));
    }
    let value = BigUint::parse_bytes(text.as_bytes(), 10).ok_or_else(|| refuse("must be a decimal integer"))?;
    let mut bytes = value.to_bytes_le();
    if bytes.len() > BYTES {
        return Err(refuse("is not below the modulus"));
    }
    bytes.resize(BYTES, 0);
    let bytes = bytes.try_into().map_err(|_| refuse("is not below the modulus"))?;
    Option::from(F::from_repr(bytes)).ok_or_else(|| refuse("is not below the modulus"))
}

/// The integer in [0, p) that stands for x, in decimal.
pub fn to_decimal(x: &F) -> String {
    BigUint::from_bytes_le(&x.to_bytes_le()).to_str_radix(10)
}

/// Montgomery limbs of x, little-endian, an integer below p.
#[inline]
pub fn to_montgomery(x: &F) -> [u64; 4] {
    blst_fr::from(*x).l
}

/// sum += term, over five limbs. The caller keeps the sum below 2^320.
#[inline]
pub fn add_limbs(sum: &mut [u64; 5], term: &[u64; 4]) {
    let mut carry = 0u64;
    for (s, t) in sum.iter_mut().zip(term) {
        let wide = u128::from(*s) + u128::from(*t) + u128::from(carry);
        *s = wide as u64;
        carry = (wide >> 64) as u64;
    }
    sum[4] = sum[4].wrapping_add(carry);
}

/// Reduces a sum of Montgomery forms, v = Σ v_i 2^(64 i) < 2^288, to the field element that it stands for.
///
/// One quotient word from the top bits, then at most a few subtractions of p.
#[inline]
pub fn reduce5(v: [u64; 5]) -> F {
    debug_assert!(v[4] >> 32 == 0, "reduce5 takes sums below 2^288");
    let top = (v[3] >> 32) | (v[4] << 32);
    let mut rest = subtract_multiple(v, top / TOP_WORD);
    while let Some(less) = checked_subtract(&rest) {
        rest = less;
    }
    F::from(blst_fr { l: [rest[0], rest[1], rest[2], rest[3]] })
}

/// v − q·p, for q ≤ v / p.
#[inline]
fn subtract_multiple(v: [u64; 5], q: u64) -> [u64; 5] {
    let mut out = [0u64; 5];
    let (mut carry, mut borrow) = (0u128, 0i128);
    for i in 0..5 {
        let product = if i < 4 { u128::from(q) * u128::from(MODULUS[i]) + carry } else { carry };
        carry = product >> 64;
        let difference = i128::from(v[i]) - i128::from(product as u64) + borrow;
        out[i] = difference as u64;
        borrow = difference >> 64;
    }
    out
}

/// v − p, or None where that is negative.
#[inline]
fn checked_subtract(v: &[u64; 5]) -> Option<[u64; 5]> {
    let mut out = *v;
    let mut borrow = false;
    for i in 0..5 {
        let (a, b1) = v[i].overflowing_sub(if i < 4 { MODULUS[i] } else { 0 });
        let (a, b2) = a.overflowing_sub(u64::from(borrow));
        out[i] = a;
        borrow = b1 | b2;
    }
    (!borrow).then_some(out)
}

/// Reduces Σ_l acc_l 2^(32 l) where acc_l sums products of the l-th 32-bit Montgomery limb with small integers.
///
/// Each acc_l must be below 2^63.
#[inline]
pub fn reduce_limbs32(acc: &[u64; 8]) -> F {
    debug_assert!(acc.iter().all(|a| a >> 63 == 0), "reduce_limbs32 takes sums below 2^63");
    let mut v = [0u64; 5];
    let mut carry = 0u128;
    for i in 0..4 {
        let wide = u128::from(acc[2 * i]) + (u128::from(acc[2 * i + 1]) << 32) + carry;
        v[i] = wide as u64;
        carry = wide >> 64;
    }
    v[4] = carry as u64;
    reduce5(v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn big(x: &F) -> BigUint {
        BigUint::from_bytes_le(&x.to_bytes_le())
    }

    fn modulus() -> BigUint {
        MODULUS_DECIMAL.parse().unwrap()
    }

    /// x·2^-256 mod p for an integer x: what Montgomery limbs stand for.
    fn demontgomery(v: &BigUint) -> BigUint {
        let p = modulus();
        let r_inverse: BigUint = (BigUint::from(1u8) << 256usize).modpow(&(&p - 2u8), &p);
        v * r_inverse % p
    }

    fn limbs5() -> impl Strategy<Value = [u64; 5]> {
        (any::<[u64; 4]>(), 0u64..1 << 32).prop_map(|(v, t)| [v[0], v[1], v[2], v[3], t])
    }

    fn value(v: &[u64]) -> BigUint {
        v.iter().rev().fold(BigUint::from(0u8), |a, x| (a << 64) + *x)
    }

    #[test]
    fn modulus_limbs_and_decimal_agree() {
        assert_eq!(value(&MODULUS), modulus());
        assert_eq!(big(&-F::ONE) + 1u8, modulus());
    }

    proptest! {
        #[test]
        fn reduce5_equals_plain_reduction(v in limbs5()) {
            prop_assert_eq!(big(&reduce5(v)), demontgomery(&value(&v)));
        }

        #[test]
        fn reduce_limbs32_equals_plain_reduction(acc in any::<[u64; 8]>()) {
            let acc = acc.map(|a| a >> 1);
            let sum = acc.iter().rev().fold(BigUint::from(0u8), |a, x| (a << 32) + *x);
            prop_assert_eq!(big(&reduce_limbs32(&acc)), demontgomery(&sum));
        }

        #[test]
        fn delayed_sums_equal_field_sums(seeds in prop::collection::vec(any::<[u64; 8]>(), 1..60)) {
            let terms: Vec<F> = seeds.iter().map(|s| {
                let mut bytes = [0u8; 64];
                s.iter().zip(bytes.chunks_mut(8)).for_each(|(x, b)| b.copy_from_slice(&x.to_le_bytes()));
                from_wide(&bytes)
            }).collect();
            let mut sum = [0u64; 5];
            terms.iter().for_each(|t| add_limbs(&mut sum, &to_montgomery(t)));
            prop_assert_eq!(reduce5(sum), terms.iter().sum::<F>());
        }

        #[test]
        fn signed_integers(v in any::<i128>()) {
            let p = modulus();
            let want = if v < 0 { &p - BigUint::from(v.unsigned_abs()) } else { BigUint::from(v as u128) };
            prop_assert_eq!(big(&fi(v)), want);
        }

        #[test]
        fn wide_bytes_are_reduced(a in any::<[u8; 32]>(), b in any::<[u8; 32]>()) {
            let mut bytes = [0u8; 64];
            bytes[..32].copy_from_slice(&a);
            bytes[32..].copy_from_slice(&b);
            prop_assert_eq!(big(&from_wide(&bytes)), BigUint::from_bytes_le(&bytes) % modulus());
        }

        #[test]
        fn decimal_and_bytes_round_trip(bytes in any::<[u8; 32]>()) {
            let x = from_wide(&[bytes, bytes].concat().try_into().unwrap());
            prop_assert_eq!(parse_decimal(&to_decimal(&x)).unwrap(), x);
            prop_assert_eq!(from_le_bytes(&to_le_bytes(&x)).unwrap(), x);
        }
    }

    #[test]
    fn extreme_sums() {
        let edge = [[0; 5], [1, 0, 0, 0, 0], [u64::MAX, u64::MAX, u64::MAX, u64::MAX, (1 << 32) - 1]];
        let p = MODULUS;
        let near = [[p[0], p[1], p[2], p[3], 0], [p[0] - 1, p[1], p[2], p[3], 0], [p[0] + 1, p[1], p[2], p[3], 0]];
        for v in edge.into_iter().chain(near) {
            assert_eq!(big(&reduce5(v)), demontgomery(&value(&v)), "{v:?}");
        }
        assert_eq!(from_wide(&[0xff; 64]), F::from(2).pow_vartime([512u64]) - F::ONE);
        assert_eq!(
            (fi(i128::MIN), fi(i128::MAX)),
            (-F::from(2).pow_vartime([127u64]), F::from_u128(i128::MAX as u128))
        );
    }

    #[test]
    fn bad_decimals_are_refused() {
        let p = MODULUS_DECIMAL;
        let below = "52435875175126190479447740508185965837690552500527637822603658699938581184512";
        assert_eq!(parse_decimal(below).unwrap(), -F::ONE);
        assert_eq!(parse_decimal("0").unwrap(), F::ZERO);
        let long = "9".repeat(10_000);
        for bad in ["", "-1", "+1", "01", "00", " 1", "1 ", "0x1", "1e3", "1_0", "١", p, &long] {
            assert!(parse_decimal(bad).is_err(), "{bad}");
        }
        for bytes in [[0xff; 32], value(&MODULUS).to_bytes_le().try_into().unwrap()] {
            assert!(from_le_bytes(&bytes).is_err());
        }
    }
}
