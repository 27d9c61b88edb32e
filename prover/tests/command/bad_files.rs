//! One thing wrong at a time: an error that names the file and the field, or a refusal.

use std::sync::OnceLock;

use serde_json::{json, Value};

use crate::files::*;
use crate::fleet::*;

const MODULUS_LESS_ONE: &str = "52435875175126190479447740508185965837690552500527637822603658699938581184512";

/// An honest enrolment with its proof; tests change copies of the files under other names.
struct Honest {
    fleet: Fleet,
    enrolled: Enrolled,
    proof: Artefact,
}

fn honest() -> std::sync::MutexGuard<'static, Honest> {
    static HONEST: OnceLock<std::sync::Mutex<Honest>> = OnceLock::new();
    let made = HONEST.get_or_init(|| {
        let fleet = Fleet::new(TOY);
        let none = fleet.nothing_forgotten();
        let enrolled = fleet.enrol("first", fleet.personalised(&none), &none);
        fleet.prove(&enrolled, &[]).ok();
        let proof = fleet.bind(&enrolled, None);
        std::sync::Mutex::new(Honest { fleet, enrolled, proof })
    });
    made.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn expect_input(name: &str, ran: &Ran, field: &str) {
    assert_eq!(ran.exit, 2, "{name}: {ran:?}");
    assert_eq!(ran.error["field"], json!(field), "{name}: {}", ran.error);
    assert!(ran.error["file"].is_string(), "{name}: {}", ran.error);
}

type Edit = fn(&mut Value);

#[test]
fn enrolments_are_parsed_with_bounds() {
    let honest = honest();
    let cases: [(&str, Edit, &str); 17] = [
        ("gamma 0", |h| h["gamma"][0] = json!("0"), "gamma[0]"),
        ("gamma p - 1", |h| h["gamma"][0] = json!(MODULUS_LESS_ONE), "gamma[0]"),
        ("gamma over 2^39", |h| h["gamma"][0] = json!("549755813889"), "gamma[0]"),
        ("gamma off the grid", |h| h["gamma"][1] = json!("5"), "gamma"),
        ("one gamma missing", |h| h["gamma"] = json!(["1"]), "gamma"),
        ("another preset", |h| h["preset"] = json!("ceremony-4096"), "preset"),
        ("no digest of a base", |h| h["model"]["base_digest"] = json!("11"), "model.base_digest"),
        ("no nonce", |h| drop(h.as_object_mut().unwrap().remove("nonce")), "nonce"),
        ("an unknown field", |h| h["note"] = json!("x"), "note"),
        ("an unknown field of the model", |h| h["model"]["note"] = json!("x"), "model.note"),
        ("a model without a name", |h| h["model"]["name"] = json!(""), "model.name"),
        ("no time", |h| h["created"] = json!("2026-01-01"), "created"),
        ("other bits", |h| h["fixed_point_bits"] = json!("8"), "fixed_point_bits"),
        ("smaller chunks first", |h| h["layout"]["chunks"] = json!(["750", "752"]), "layout.chunks"),
        ("chunks of another cut", |h| h["layout"]["chunks"] = json!(["501", "501", "500"]), "layout.chunks"),
        ("other tensors", |h| h["layout"]["tensors"][0]["shape"][0] = json!("1501"), "layout.weights"),
        ("no path", |h| h["layout"]["tensors"][0]["path"] = json!("a//b"), "layout.tensors[0].path"),
    ];
    for (name, edit, field) in cases {
        let mut other = honest.enrolled.clone();
        other.name = "bad".into();
        edit(&mut other.enrolment.header);
        expect_input(name, &honest.fleet.admit(&other), field);
    }
    let mut other = honest.enrolled.clone();
    other.name = "bad".into();
    other.enrolment = other.enrolment.with("theta", Tensor("U8", vec![1], vec![0]));
    expect_input("an unknown tensor", &honest.fleet.admit(&other), "theta");
}

/// These are seen where the enrolment is judged against its base.
#[test]
fn enrolments_answer_their_base() {
    let honest = honest();
    let cases: [(&str, Edit, &str); 6] = [
        ("another base", |h| h["model"]["base_digest"] = json!("11".repeat(32)), "model.base_digest"),
        ("another model", |h| h["model"]["name"] = json!("n"), "model"),
        ("the other mark", |h| h["srs_insecure"] = json!(true), "srs_insecure"),
        ("other tensors", |h| h["layout"]["pattern"] = json!("v"), "layout"),
        ("other tables", |h| h["tables_digest"] = json!("11".repeat(32)), "tables_digest"),
        ("another SRS", |h| h["srs_digest"] = json!("11".repeat(32)), "srs_digest"),
    ];
    for (name, edit, field) in cases {
        let mut other = honest.enrolled.clone();
        other.name = "bad".into();
        edit(&mut other.enrolment.header);
        honest.fleet.admit(&other).ok();
        expect_input(name, &honest.fleet.verify(&other, &honest.proof, &[]), field);
    }
}

#[test]
fn bases_are_parsed_with_bounds() {
    let honest = honest();
    let fleet = &honest.fleet;
    let cases: [(&str, Edit, &str); 7] = [
        ("distance 0", |h| h["distance"][0] = json!("0"), "distance[0]"),
        ("distance 2^48", |h| h["distance"][1] = json!((1u64 << 48).to_string()), "distance[1]"),
        ("distance p - 1", |h| h["distance"][0] = json!(MODULUS_LESS_ONE), "distance[0]"),
        ("one distance missing", |h| h["distance"] = json!(["5"]), "distance"),
        ("other tables", |h| h["enrol_tables_digest"] = json!("11".repeat(32)), "enrol_tables_digest"),
        ("another SRS", |h| h["srs_digest"] = json!("11".repeat(32)), "srs_digest"),
        ("an unknown field", |h| h["note"] = json!("x"), "note"),
    ];
    for (name, edit, field) in cases {
        let mut base = fleet.base.clone();
        edit(&mut base.header);
        let path = fleet.save(&base, "bad-base");
        expect_input(name, &fleet.run("admit-base", &["--base", &path, "--out", &fleet.path("bad-points")]), field);
    }
    let admit = |base: &Artefact| {
        let path = fleet.save(base, "bad-base");
        fleet.run("admit-base", &["--base", &path, "--out", &fleet.path("bad-points")])
    };
    let mut base = fleet.base.clone();
    base.tensors.get_mut("theta0").unwrap().2[0] ^= 1;
    expect_input("other weights than those named", &admit(&base), "model.base_digest");
    base.header["model"]["base_digest"] = json!(weights_digest(&base.tensors["theta0"].2));
    expect_input("a commitment of other weights", &admit(&base), "c_base[0]");
}

#[test]
fn proofs_answer_these_files() {
    let honest = honest();
    let cases: [(&str, Edit, &str); 9] = [
        ("another client", |h| h["client_id"] = json!("client-2"), "client_id"),
        ("another enrolment", |h| h["enrolment_digest"] = json!("11".repeat(32)), "enrolment_digest"),
        ("another base", |h| h["base_digest"] = json!("11".repeat(32)), "base_digest"),
        ("a state", |h| h["state_digest"] = json!("11".repeat(32)), "state_digest"),
        ("other tables", |h| h["enrol_tables_digest"] = json!("11".repeat(32)), "enrol_tables_digest"),
        ("another SRS", |h| h["srs_digest"] = json!("11".repeat(32)), "srs_digest"),
        ("the other mark", |h| h["insecure"] = json!(false), "insecure"),
        ("a message of no chunk", |h| h["chunks"] = json!(["0"]), "proof.00001"),
        ("an unknown field", |h| h["note"] = json!("x"), "note"),
    ];
    for (name, edit, field) in cases {
        let mut proof = honest.proof.clone();
        edit(&mut proof.header);
        expect_input(name, &honest.fleet.verify(&honest.enrolled, &proof, &[]), field);
    }
    let mut missing = honest.proof.clone();
    missing.tensors.remove("proof.00001");
    expect_input("a proof less", &honest.fleet.verify(&honest.enrolled, &missing, &[]), "proof.00001");
    missing.header["chunks"] = json!(["0"]);
    expect_input("a chunk less", &honest.fleet.verify(&honest.enrolled, &missing, &[]), "chunks");
    let shapes: [(&str, fn(&mut Tensor)); 3] = [
        ("two axes", |t| t.1.insert(0, 1)),
        ("signed bytes", |t| t.0 = "I8"),
        ("no bytes", |t| (t.1, t.2) = (vec![0], Vec::new())),
    ];
    for (name, change) in shapes {
        let mut proof = honest.proof.clone();
        change(proof.tensors.get_mut("proof.00001").unwrap());
        expect_input(name, &honest.fleet.verify(&honest.enrolled, &proof, &[]), "proof.00001");
    }
    let more = honest.proof.clone().with("note", Tensor("U8", vec![1], vec![0]));
    expect_input("an unknown tensor", &honest.fleet.verify(&honest.enrolled, &more, &[]), "note");
    let ran = honest.fleet.run_with("toy", "verify-enrolment", &[]);
    assert_eq!(ran.exit, 2);
}

#[test]
fn wrong_proofs_are_refused_chunk_by_chunk() {
    let honest = honest();
    let refused = |name: &str, proof: &Artefact, verdicts: [bool; 2]| {
        let ran = honest.fleet.verify(&honest.enrolled, proof, &[]);
        let found = [0, 1].map(|chunk| ran.result["chunks"][chunk]["accepted"] == json!(true));
        assert_eq!((ran.exit, found), (3, verdicts), "{name}: {ran:?}");
    };
    let mut swapped = honest.proof.clone();
    let (one, two) = (swapped.tensors["proof.00000"].clone(), swapped.tensors["proof.00001"].clone());
    swapped.tensors.insert("proof.00000".into(), two);
    swapped.tensors.insert("proof.00001".into(), one);
    refused("proofs of two chunks exchanged", &swapped, [false, false]);
    let mut flipped = honest.proof.clone();
    flipped.tensors.get_mut("proof.00001").unwrap().2[500] ^= 1;
    refused("a bit flipped", &flipped, [true, false]);
    let mut point = honest.proof.clone();
    point.tensors.get_mut("proof.00000").unwrap().2[..48].fill(0xff);
    refused("no point", &point, [false, true]);
}

#[test]
fn commitments_serve_their_own_place() {
    let honest = honest();
    let swap = |name: &str, tensor: &str, size: usize, one: usize, two: usize| {
        let mut other = honest.enrolled.clone();
        other.name = "swapped".into();
        let bytes = &mut other.enrolment.tensors.get_mut(tensor).unwrap().2;
        let (head, tail) = bytes.split_at_mut(two * size);
        head[one * size..(one + 1) * size].swap_with_slice(&mut tail[..size]);
        honest.fleet.admit(&other).ok();
        let mut proof = honest.proof.clone();
        proof.header["enrolment_digest"] = json!(other.enrolment.digest());
        let ran = honest.fleet.verify(&other, &proof, &[]);
        assert_eq!(ran.exit, 3, "{name}: {ran:?}");
    };
    swap("lanes of theta", "c_theta", 48, 0, 1);
    swap("chunks of theta", "c_theta", 4 * 48, 0, 1);
    swap("lanes of a row", "c_gradients", 48, 4, 5);
    swap("rows", "c_gradients", 4 * 48, 0, 1);
    swap("chunks of rows", "c_gradients", 8 * 4 * 48, 0, 1);
    // Another client with the same commitments: the proof is bound to the first one's name.
    let mut other = honest.enrolled.clone();
    other.name = "copied".into();
    other.enrolment.header["client_id"] = json!("client-2");
    honest.fleet.admit(&other).ok();
    let mut proof = honest.proof.clone();
    proof.header["client_id"] = json!("client-2");
    proof.header["enrolment_digest"] = json!(other.enrolment.digest());
    assert_eq!(honest.fleet.verify(&other, &proof, &[]).exit, 3);
}

#[test]
fn secrets_that_cannot_be_proven_are_named_before_proving() {
    let honest = honest();
    let fleet = &honest.fleet;
    let none = fleet.nothing_forgotten();
    let mut far = fleet.personalised(&none);
    far[7] += 1 << 20;
    let far = fleet.enrol("far", far, &none);
    expect_input("too far from the base", &fleet.prove(&far, &[]), "chunk 0.D0");
    let proved = fleet.prove(&far, &["--unchecked"]).ok();
    assert_eq!(proved["unchecked"], json!(true));
    assert_eq!(fleet.verify(&far, &fleet.bind(&far, None), &[]).exit, 3);

    let forgotten: Vec<bool> = (0..fleet.size.weights).map(|i| i % 5 == 0).collect();
    let current = fleet.enrol("kept", fleet.personalised(&forgotten), &forgotten);
    let state = fleet.state(&honest.enrolled, &current, &forgotten);
    let state_path = fleet.save(&state, "kept.state");
    let files = ["--state", &state_path, "--current-secret", &fleet.path("kept.secret")];
    let restored = fleet.enrol("restored", fleet.personalised(&none), &forgotten);
    // Errors tell where, not what: a value would be a part of the secret.
    let expect_place = |name: &str, ran: &Ran, field: &str, weight: usize| {
        expect_input(name, ran, field);
        assert_eq!(ran.error["value"], json!(format!("weight {weight} of the chunk")), "{name}");
    };
    expect_place("weights that were forgotten", &fleet.prove(&restored, &files), "chunk 0.theta", 0);
    let rows = fleet.enrol("rows", current.theta.clone(), &none);
    expect_place("rows on forgotten weights", &fleet.prove(&rows, &files), "chunk 0.gradients", 0);
    let mut moved = current.theta.clone();
    moved[1] += 1;
    let moved = fleet.enrol("moved", moved, &forgotten);
    expect_place("other weights than the ledger's", &fleet.prove(&moved, &files), "chunk 0.theta", 1);
    for enrolled in [&restored, &rows, &moved] {
        fleet.prove(enrolled, &[&files[..], &["--unchecked"]].concat()).ok();
        let ran = fleet.verify(enrolled, &fleet.bind(enrolled, Some(&state)), &["--state", &state_path]);
        assert_eq!(ran.exit, 3, "{}: {ran:?}", enrolled.name);
    }
    let alone = fleet.prove(&moved, &files[..2]);
    assert_eq!((alone.exit, &alone.error["field"]), (2, &json!("current-secret")));
}

/// A request states T1 and T2 by their rules; the verifier derives them, and D has a width.
#[test]
fn limits_of_a_request_are_not_the_senders() {
    let honest = honest();
    let fleet = &honest.fleet;
    let mut header = fleet.base.header.clone();
    let more = json!({
        "request_id": "r", "nonce": "11".repeat(32), "forget": "x", "rules": {"t1": "gamma^2*d/8", "t2": "32*rows*gamma"},
        "touched": ["0"], "budget": ["1000"],
    });
    more.as_object().unwrap().iter().for_each(|(key, value)| header[key] = value.clone());
    for key in ["distance", "enrol_tables_digest"] {
        header.as_object_mut().unwrap().remove(key);
    }
    let d = fleet.chunks()[0];
    let bytes = fleet.size.weights.div_ceil(8);
    let mask = |end: usize| {
        let bits = (0..8 * bytes).map(|i| u8::from(i < end && i % 8 == 0)).collect::<Vec<_>>();
        let byte = |b: &[u8]| b.iter().enumerate().map(|(i, bit)| bit << i).sum::<u8>();
        Tensor("U8", vec![bytes], bits.chunks(8).map(byte).collect())
    };
    let request = Artefact::new("request", header)
        .with("mask", mask(d))
        .with("h.00000", Tensor("I8", vec![2, d], vec![1; 2 * d]));
    let commit = |request: &Artefact| {
        let path = fleet.save(request, "request");
        fleet.run_with("toy", "commit-request", &["--draft", &path, "--out", &fleet.path("request.c")])
    };
    commit(&request).ok();
    let cases: [(&str, Edit, &str); 8] = [
        ("an unknown field", |h| h["note"] = json!("x"), "note"),
        ("no signer", |h| drop(h.as_object_mut().unwrap().remove("signer")), "signer"),
        ("T1 = p - 1", |h| h["rules"]["t1"] = json!(MODULUS_LESS_ONE), "rules.t1"),
        ("T2 = p - 1", |h| h["rules"]["t2"] = json!(MODULUS_LESS_ONE), "rules.t2"),
        ("D = 0", |h| h["budget"][0] = json!("0"), "budget[0]"),
        ("D = 2^56", |h| h["budget"][0] = json!((1u64 << 56).to_string()), "budget[0]"),
        ("D = p - 1", |h| h["budget"][0] = json!(MODULUS_LESS_ONE), "budget[0]"),
        ("a chunk that is not there", |h| h["touched"][0] = json!("2"), "touched"),
    ];
    for (name, edit, field) in cases {
        let mut other = request.clone();
        edit(&mut other.header);
        expect_input(name, &commit(&other), field);
    }
    let other_mask = |tensor: Tensor| commit(&request.clone().with("mask", tensor));
    expect_input("a chunk that is not listed", &other_mask(mask(8 * bytes)), "touched");
    expect_input("a chunk that is not touched", &other_mask(Tensor("U8", vec![bytes], vec![0; bytes])), "touched");
    let mut unused = mask(d);
    *unused.2.last_mut().unwrap() |= 0x80;
    expect_input("an unused bit", &other_mask(unused), "mask");
    let wrong = fleet.run("commit-request", &["--draft", &fleet.path("request"), "--out", &fleet.path("request.c")]);
    expect_input("tables of the other relation", &wrong, "relation");
}
