//! Range proofs by bits: integers written as bits, least significant first, and the powers of two that weigh them.

use ff::Field;

use crate::error::{Error, Result};
use crate::field::F;

/// The largest integer of `width` ≤ 128 bits.
pub fn largest(width: usize) -> u128 {
    u128::MAX.checked_shr(128 - width as u32).unwrap_or(0)
}

/// Appends the `width` low bits of `value`.
pub fn push(bits: &mut Vec<bool>, value: u128, width: usize) {
    bits.extend((0..width).map(|i| value >> i & 1 == 1));
}

/// value + 2^(width−1), which has `width` bits where the value lies in its window [−2^(width−1), 2^(width−1)).
///
/// # Errors
/// With `checked`, `Error::Input` for a value outside; `what` names it. Without, the low bits of a value outside are taken
/// all the same, and the proof that results is refused by every verifier.
pub fn windowed(value: i64, width: usize, checked: bool, what: &str) -> Result<u128> {
    let half = 1i64 << (width - 1);
    if checked && !(-half..half).contains(&value) {
        let message = format!("{what} leaves its window of {width} bits");
        return Err(Error::input(message));
    }
    Ok(value.wrapping_add(half) as u128)
}

/// limit − sum, which must fit `width` bits; `None` stands for a sum of more than 128 bits.
///
/// # Errors
/// With `checked`, `Error::Input` where the sum exceeds the limit, or the slack its width; `name` is the limit's.
pub fn slack(sum: Option<u128>, limit: u128, width: usize, checked: bool, name: &str) -> Result<u128> {
    match sum.and_then(|sum| limit.checked_sub(sum)) {
        Some(slack) if width == 128 || slack >> width == 0 => Ok(slack),
        slack if !checked => Ok(slack.unwrap_or(0)),
        Some(_) => Err(Error::input(format!("the slack of {name} needs more than its {width} bits"))),
        None => {
            let sum = sum.map_or("more than 2^128".to_owned(), |sum| sum.to_string());
            let message = format!("the sum for {name} is {sum}, above its limit {limit}");
            Err(Error::input(message).at_field(name).with_value(sum))
        }
    }
}

/// weight, 2·weight, 4·weight, …: the weights of the bits of one integer.
pub fn weights(weight: F, width: usize) -> impl Iterator<Item = F> {
    std::iter::successors(Some(weight), |w| Some(w.double())).take(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_slacks_end_where_they_should() {
        for (value, width, want) in [(-4, 3, Some(0)), (3, 3, Some(7)), (-5, 3, None), (4, 3, None)] {
            assert_eq!(windowed(value, width, true, "v").ok(), want, "{value}");
        }
        assert_eq!(windowed(4, 3, false, "v").unwrap(), 8);
        assert_eq!(windowed(i64::MAX, 3, false, "v").unwrap(), i64::MAX.wrapping_add(4) as u128);
        for (sum, limit, width, want) in [
            (Some(5), 5, 1, Some(0)),
            (Some(4), 5, 1, Some(1)),
            (Some(3), 5, 1, None),
            (Some(6), 5, 1, None),
            (None, 5, 1, None),
            (Some(0), u128::MAX, 128, Some(u128::MAX)),
        ] {
            assert_eq!(slack(sum, limit, width, true, "D").ok(), want, "{sum:?} {limit}");
        }
        assert_eq!(slack(Some(6), 5, 1, false, "D").unwrap(), 0);
        assert_eq!([0, 1, 64, 128].map(largest), [0, 1, u64::MAX.into(), u128::MAX]);
        let mut bits = vec![];
        push(&mut bits, 0b1011, 3);
        assert_eq!(bits, [true, true, false]);
        assert_eq!(weights(F::ONE, 3).collect::<Vec<_>>(), [1, 2, 4].map(F::from));
    }
}
