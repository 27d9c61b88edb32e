//! Comparing a message with the one that a vector holds.

use serde_json::Value;

use crate::{number, text};

/// The reference string of a vector: the first 2^k powers of the ceremony.
pub fn ceremony(case: &Value, k: u32) -> std::sync::Arc<zkapex_prover::srs::Srs> {
    assert_eq!(text(case, "srs"), "ceremony");
    std::sync::Arc::new(zkapex_prover::srs::ceremony::load(k).unwrap())
}

/// Both byte strings are equal; if not, says which field of which round is the first to differ.
pub fn assert_same(name: &str, rounds: &Value, found: &[u8], wanted: &[u8]) {
    let rounds = rounds.as_array().unwrap();
    let mut at = 0;
    for field in rounds {
        let (offset, length): (usize, usize) = (number(field, "offset"), number(field, "length"));
        assert_eq!(offset, at, "{name}: the fields leave a gap before {}", text(field, "field"));
        at += length;
        let part = |bytes: &[u8]| bytes.get(offset..at).map(hex::encode);
        let place =
            format!("{name}: first difference in round {}, field {}", text(field, "round"), text(field, "field"));
        assert_eq!(part(found), part(wanted), "{place}, bytes {offset} to {at}");
    }
    assert_eq!((at, found.len()), (wanted.len(), wanted.len()), "{name}: the fields do not cover the bytes");
}
