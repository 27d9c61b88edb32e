//! `vectors/encodings/`: scalars, points and reference strings, canonical and hostile.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use serde_json::{json, Value};
use zkapex_prover::commit::{self, point};
use zkapex_prover::error::{Error, Result};
use zkapex_prover::field;
use zkapex_prover::srs::{g2, Srs};

use crate::proofs::Circuit;
use crate::{load, number, text};

/// Reads every case of a file with `read`, which gives what the bytes mean, and compares it, or the class of the error.
fn replay(file: &str, least: usize, read: impl Fn(&Value) -> Result<Value>) {
    let cases = load(file);
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= least, "{file} has {} cases", cases.len());
    for case in cases {
        let name = text(case, "name");
        match (read(case), case.get("value")) {
            (Ok(found), Some(value)) => assert_eq!(&found, value, "{name}"),
            // This reader takes no point of G2 at infinity anywhere.
            (Err(error), Some(value)) if value == "infinity" && text(case, "kind").starts_with("g2") => {
                assert_eq!(error.code(), "input", "{name}")
            }
            (Err(error), None) => {
                assert!(["field", "point", "srs"].contains(&text(case, "error")), "{name}");
                assert_eq!(error.code(), "input", "{name}: {error}");
            }
            (found, wanted) => panic!("{name}: {found:?} where {wanted:?} is expected"),
        }
    }
}

fn decoded(case: &Value) -> Vec<u8> {
    hex::decode(text(case, "bytes")).unwrap()
}

#[test]
fn scalars() {
    replay("encodings/scalars.json", 30, |case| match text(case, "kind") {
        "scalar" => Ok(json!(field::to_decimal(&field::from_le_bytes(&decoded(case))?))),
        "decimal" => Ok(json!(field::to_decimal(&field::parse_decimal(text(case, "bytes"))?))),
        other => panic!("unknown kind {other}"),
    });
}

/// Coordinates of 48 bytes each, the coefficient of u first where there are two.
fn coordinates(bytes: &[u8], infinity: bool) -> Value {
    if infinity {
        return json!("infinity");
    }
    let parts: Vec<String> = bytes.chunks(48).map(|part| BigUint::from_bytes_be(part).to_string()).collect();
    match parts.as_slice() {
        [x1, x0, y1, y0] => json!([x0, x1, y0, y1].map(String::as_str).join(" ")),
        parts => json!(parts.join(" ")),
    }
}

/// The only point that was read.
fn single<T>(points: Vec<T>) -> Result<T> {
    let count = points.len();
    points.into_iter().next().filter(|_| count == 1).ok_or_else(|| Error::input("one point is expected"))
}

fn g1(kind: &str, bytes: &[u8]) -> Result<Value> {
    let affine = match kind {
        "g1" => commit::to_affine(&[single(commit::parse_compressed_public(bytes)?)?])[0],
        "g1_hiding" => single(commit::parse_compressed_affine(bytes)?)?,
        _ => {
            let affine = single(commit::parse_uncompressed_public(bytes)?)?;
            if !point::in_subgroup(&affine) {
                return Err(Error::input("the point is not in the subgroup"));
            }
            affine
        }
    };
    let bytes = commit::uncompressed(&[affine]);
    Ok(coordinates(&bytes, bytes[0] & 0x40 != 0))
}

#[test]
fn points() {
    replay("encodings/points.json", 80, |case| {
        let (kind, bytes) = (text(case, "kind"), decoded(case));
        match kind {
            "g1" | "g1_hiding" | "g1_uncompressed" => g1(kind, &bytes),
            "g2" => Ok(coordinates(&g2::uncompressed(&g2::parse_compressed(&bytes)?), false)),
            "g2_uncompressed" => Ok(coordinates(&g2::uncompressed(&g2::parse_uncompressed(&bytes)?), false)),
            other => panic!("unknown kind {other}"),
        }
    });
}

#[test]
fn reference_strings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("srs");
    replay("encodings/srs.json", 40, |case| {
        assert_eq!(text(case, "kind"), "srs");
        std::fs::write(&path, decoded(case)).unwrap();
        let srs = Srs::load(&path)?;
        Ok(
            json!({"k": srs.k.to_string(), "source": srs.source, "insecure": srs.insecure, "digest": hex::encode(srs.digest)}),
        )
    });
}

/// The bytes of a case: those of another vector's proof, cut, extended or overwritten.
fn altered(case: &Value, proof: &str) -> Vec<u8> {
    let mut bytes = hex::decode(proof).unwrap();
    let part = |key: &str| case.get(key).map(|p| hex::decode(p.as_str().unwrap()).unwrap()).unwrap_or_default();
    match case.get("at") {
        Some(_) => {
            let (at, put): (usize, Vec<u8>) = (number(case, "at"), part("put"));
            bytes[at..at + put.len()].copy_from_slice(&put);
        }
        None => {
            bytes.truncate(number(case, "keep"));
            bytes.extend(part("append"));
        }
    }
    bytes
}

#[test]
fn altered_proofs_are_refused() {
    let cases = load("encodings/proofs.json");
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 20, "{}", cases.len());
    let mut circuits: BTreeMap<String, Circuit> = BTreeMap::new();
    for case in cases {
        let (name, of) = (text(case, "name"), text(case, "of").trim_end_matches(".json"));
        let circuit = circuits.entry(of.to_owned()).or_insert_with(|| Circuit::load(of));
        let honest = text(&circuit.case, "proof");
        let bytes = altered(case, honest);
        assert_ne!(hex::encode(&bytes), honest, "{name} alters nothing");
        let verdict = circuit.verify(&json!({"proof": hex::encode(bytes)})).map_err(|e| e.code());
        assert_eq!((text(case, "error"), verdict), ("refused", Err("refused")), "{name}");
    }
}
