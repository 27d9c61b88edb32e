//! Statements and tables of `vectors/`, which the targets are about.

use std::path::PathBuf;
use std::str::FromStr;

use serde_json::Value;
use zkapex_prover::tables::Tables;

/// `vectors/`, from whichever crate this is compiled into.
fn folder() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    while !root.join("vectors").is_dir() {
        assert!(root.pop(), "no vectors/ above the crate");
    }
    root.join("vectors")
}

pub fn load(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(name)).expect("a vector");
    serde_json::from_str(&text).expect("a vector is JSON")
}

pub fn tables(name: &str) -> Tables {
    Tables::load(&folder().join(name)).expect("tables of a vector")
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is missing"))
}

pub fn bytes<const N: usize>(value: &Value, key: &str) -> [u8; N] {
    hex::decode(text(value, key)).expect("hex").try_into().expect("the right length")
}

pub fn number<T: FromStr>(value: &Value, key: &str) -> T {
    text(value, key).parse().ok().unwrap_or_else(|| panic!("{key} is no integer"))
}

/// The commitments of a label, one after another.
pub fn point_bytes(points: &Value, label: &str) -> Vec<u8> {
    let list = points[label].as_array().expect("points");
    list.iter().flat_map(|point| hex::decode(point.as_str().expect("a point")).expect("hex")).collect()
}
