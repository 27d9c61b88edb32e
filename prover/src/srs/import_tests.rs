//! Import of synthetic transcripts, sound and tampered.

use std::io::Write;
use std::sync::OnceLock;

use ff::Field;
use serde_json::{json, Value};

use super::super::insecure;
use super::*;
use crate::commit::compress_affine;
use crate::field::F;

const K: u32 = 12;

fn compressed_g2(point: &midnight_curves::G2Projective) -> String {
    let mut out = [0u8; g2::COMPRESSED];
    unsafe { blst::blst_p2_compress(out.as_mut_ptr(), point.as_ref()) };
    format!("0x{}", hex::encode(out))
}

/// A transcript of 2^12 powers of a known τ, with the fields that the published file has around it.
fn transcript() -> &'static Value {
    static VALUE: OnceLock<Value> = OnceLock::new();
    VALUE.get_or_init(|| {
        let tau = F::from(0x1234_5678_9abc).square();
        let points = insecure::points(K, tau).unwrap();
        let g1: Vec<String> = compress_affine(&points.g).chunks(48).map(|b| format!("0x{}", hex::encode(b))).collect();
        let g2 = [compressed_g2(&points.g2), compressed_g2(&points.s_g2)];
        json!({"numG1Powers": 4096, "numG2Powers": 2, "powersOfTau": {"G1Powers": g1, "G2Powers": g2},
               "witness": {"runningProducts": ["0x00"], "potPubkeys": [], "blsSignatures": [""]}})
    })
}

fn file(transcripts: Vec<Value>) -> Vec<u8> {
    json!({"transcripts": transcripts, "participantIds": ["git|1|x"], "participantEcdsaSignatures": [""]})
        .to_string()
        .into_bytes()
}

fn tampered(change: impl Fn(&mut Value)) -> Error {
    let mut value = transcript().clone();
    change(&mut value);
    parse(&file(vec![value]), K).unwrap_err()
}

#[test]
fn a_sound_transcript_is_imported_from_a_file() {
    let other_size = json!({"numG1Powers": 8192, "numG2Powers": 0, "powersOfTau": {"G1Powers": [], "G2Powers": []}});
    let mut out = tempfile::NamedTempFile::new().unwrap();
    out.write_all(&file(vec![other_size, transcript().clone()])).unwrap();
    let srs = load(out.path(), K).unwrap();
    assert_eq!((srs.k, srs.insecure, srs.source.as_str()), (12, false, "ceremony-4096"));
    srs.save(out.path()).unwrap();
    let again = Srs::load(out.path()).unwrap();
    assert_eq!((again.digest, again.insecure, again.source), (srs.digest, false, srs.source));
    Srs { source: "ceremony-8192".into(), ..srs }.save(out.path()).unwrap();
    assert_eq!(Srs::load(out.path()).unwrap_err().place().field.as_deref(), Some("insecure"));
    let mut out = tempfile::NamedTempFile::new().unwrap();
    out.write_all(&file(vec![transcript().clone()])).unwrap();
    let error = load(out.path(), 13).unwrap_err();
    assert!(error.place().file.is_some());
    assert!(load(out.path(), 11).is_err() && load(out.path(), 16).is_err());
}

#[test]
fn points_that_do_not_fit_are_refused() {
    let powers = |v: &mut Value| v["powersOfTau"]["G1Powers"].as_array_mut().unwrap().clone();
    let swapped = tampered(|v| {
        let mut g = powers(v);
        g.swap(7, 8);
        v["powersOfTau"]["G1Powers"] = json!(g);
    });
    assert!(swapped.to_string().contains("consecutive"));
    let repeated = tampered(|v| {
        let mut g = powers(v);
        g[9] = g[8].clone();
        v["powersOfTau"]["G1Powers"] = json!(g);
    });
    assert!(repeated.to_string().contains("root of unity"));
    tampered(|v| v["powersOfTau"]["G2Powers"].as_array_mut().unwrap().swap(0, 1));
    tampered(|v| v["powersOfTau"]["G2Powers"][1] = v["powersOfTau"]["G2Powers"][0].clone());
    let infinity = format!("0xc0{}", "00".repeat(47));
    let named = tampered(|v| v["powersOfTau"]["G1Powers"][5] = json!(infinity));
    assert_eq!(named.place().field.as_deref(), Some("transcripts.powersOfTau.G1Powers[5]"));
}

#[test]
fn all_powers_of_tau_equal_one_are_refused() {
    tampered(|v| {
        let one = v["powersOfTau"]["G1Powers"][0].clone();
        v["powersOfTau"]["G1Powers"] = json!(vec![one; 4096]);
        v["powersOfTau"]["G2Powers"][1] = v["powersOfTau"]["G2Powers"][0].clone();
    });
}

#[test]
fn malformed_transcripts_are_refused() {
    let first = transcript()["powersOfTau"]["G1Powers"][0].as_str().unwrap().to_owned();
    let texts = [
        "".to_owned(),
        "0x".into(),
        first[2..].into(),
        format!("{first}00"),
        first.replace('9', "g"),
        format!("0x{}", "f".repeat(96)),
    ];
    for text in texts {
        tampered(|v| v["powersOfTau"]["G1Powers"][0] = json!(text));
    }
    tampered(|v| v["powersOfTau"]["G1Powers"][0] = json!(5));
    tampered(|v| v["numG1Powers"] = json!("4096"));
    tampered(|v| v["numG1Powers"] = json!(-1));
    tampered(|v| v["numG1Powers"] = json!(8192));
    tampered(|v| v["numG2Powers"] = json!(3));
    tampered(|v| drop(v["powersOfTau"]["G1Powers"].as_array_mut().unwrap().pop()));
    tampered(|v| drop(v.as_object_mut().unwrap().remove("powersOfTau")));
    let too_many = tampered(|v| v["powersOfTau"]["G1Powers"] = json!(vec![first.clone(); (1 << MAX_K) + 1]));
    assert!(too_many.to_string().contains("more than"));
}

#[test]
fn malformed_files_are_refused() {
    let good = file(vec![transcript().clone()]);
    let deep = [b"{\"a\":".repeat(100_000), b"1".to_vec(), b"}".repeat(100_000)].concat();
    let duplicate = br#"{"transcripts":[],"transcripts":[]}"#.to_vec();
    let twice = file(vec![transcript().clone(), transcript().clone()]);
    let many =
        file(vec![json!({"numG1Powers": 1, "numG2Powers": 0, "powersOfTau": {"G1Powers": [], "G2Powers": []}}); 9]);
    let cases = [
        vec![],
        b"null".to_vec(),
        b"{}".to_vec(),
        good[..good.len() - 1].to_vec(),
        [good, b"x".to_vec()].concat(),
        deep,
        duplicate,
        twice,
        many,
    ];
    for (index, bytes) in cases.iter().enumerate() {
        assert_eq!(parse(bytes, K).err().map(|e| e.code()), Some("input"), "case {index}");
    }
}
