//! Which reference strings may go without the mark of insecurity.

use super::{ceremony, import};
use crate::error::{Error, Result};

/// Digests of the shipped ceremony's files, k = 1, 2, …, 12. The reference prover has the same in `srs_checks.py`.
const SHIPPED: [&str; ceremony::MAX_K as usize] = [
    "0c94f9cd6dfd37aea67c5d33408fa896ff208f2378d65c796bce76a33629f087",
    "063c7b31c43f1da4989cbe316bea6ebebc66cc36015d2aae203cccb98b410f16",
    "ace95bb368437dbc060e5c8b2ef46007c98f5ebefe364e8f9bab123039c97034",
    "ab7b441f7b7b5ce559a05b02ef7c0c9afe467f029339be5ec59447d922db0275",
    "da2c495270cd02fdd49c85ca498594a3aeb7e1d9b39d0c0d576ea91f47dd3e85",
    "1bda4e8d3dc75795e18dfb356267a8f63fadb41d2000a4a7af4254709f6c6d40",
    "0aa93dae885b62889e0d883e72f79d3c7194d1f111e18c44c87e5681582a6fa6",
    "da3648fd9bb3464ffa7988f08f18610d67b23da89a7ba0c7a0eb595591b9690d",
    "8264a3927e2f3477fb41dd434c0058ebbfc175e68206381674db040757e9e427",
    "57e0126eb178fe2670590616f332e466af9a59d6ec6ddd759a17a85a9f9845fe",
    "b3a79c3feedcf41eef5a59b44b9f98681ccfc0253815375888cececb9b14d13e",
    "561b6b77274683b4c8e6885799c3d10fb9d797563f90901227a971511b694028",
];

/// What a file is by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The shipped ceremony: the digest names every byte of points that were fully checked.
    Shipped,
    /// Anything else: the points must be checked.
    Unknown,
}

/// The digest of the shipped ceremony's file for 2^k rows, in hex.
pub(super) fn shipped(k: u32) -> Option<&'static str> {
    let index = usize::try_from(k).ok()?.checked_sub(1)?;
    SHIPPED.get(index).copied()
}

/// Judges a header. A file that names the shipped ceremony must have its digest; of the others only an import of a
/// published ceremony may go without the mark: that nobody knows its τ, no reader can tell.
pub(super) fn judge(k: u32, digest: &[u8; 32], insecure: bool, source: &str) -> Result<Origin> {
    if shipped(k) == Some(hex::encode(digest).as_str()) {
        return Ok(Origin::Shipped);
    }
    if source == ceremony::SOURCE {
        let message = "the file is not that of the ceremony that it names: its digest is another";
        return Err(Error::input(message).at_field("source").with_value(source));
    }
    if !insecure && !import::is_source(k, source) {
        let message = "a reference string from elsewhere than a published ceremony must be marked insecure";
        return Err(Error::input(message).at_field("insecure").with_value(source));
    }
    Ok(Origin::Unknown)
}
