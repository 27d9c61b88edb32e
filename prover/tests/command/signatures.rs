//! Requests and bases count only with the signature of the key that they name.

use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;

use crate::files::*;
use crate::fleet::*;

/// Copies of a signed artefact that nobody's key signed as they stand.
pub fn unsigned_copies(artefact: &Artefact, edit: fn(&mut Artefact)) -> Vec<(&'static str, Artefact)> {
    let with = |signature: String| Artefact { signature: Some(signature), ..artefact.clone() };
    let stranger = hex::encode(SigningKey::from_bytes(&[8; 32]).sign(b"x").to_bytes());
    let mut altered = with(artefact.signed());
    edit(&mut altered);
    let mut named = with(artefact.signed());
    named.header["signer"] = json!(hex::encode(SigningKey::from_bytes(&[8; 32]).verifying_key()));
    // The identity is a key of order 1: R = S·B satisfies the bare equation for every message.
    let mut weak =
        with("0100000000000000000000000000000000000000000000000000000000000000".to_owned() + &"00".repeat(32));
    weak.header["signer"] = json!("01".to_owned() + &"00".repeat(31));
    let mut no_point = with(artefact.signed());
    no_point.header["signer"] = json!("02".to_owned() + &"00".repeat(31));
    vec![
        ("no signature", with(String::new())),
        ("a stranger's signature", with(stranger)),
        ("altered after signing", altered),
        ("another key's name", named),
        ("a key of small order", weak),
        ("a key that is no point", no_point),
    ]
}

pub fn expect_refused(name: &str, ran: &Ran) {
    assert_eq!((ran.exit, &ran.error["field"]), (3, &json!("signature")), "{name}: {ran:?}");
    assert!(ran.error["file"].is_string(), "{name}: {}", ran.error);
}

#[test]
fn bases_are_signed() {
    let fleet = Fleet::new(TOY);
    let none = fleet.nothing_forgotten();
    let enrolled = fleet.enrol("first", fleet.personalised(&none), &none);
    for (name, base) in unsigned_copies(&fleet.base, |base| base.header["distance"][0] = json!("5")) {
        let path = fleet.save(&base, "bad-base");
        expect_refused(name, &fleet.run("admit-base", &["--base", &path, "--out", &fleet.path("bad-points")]));
        let mut files = fleet.public(&enrolled);
        let at = files.iter().position(|argument| argument == "--base").unwrap();
        files[at + 1] = path;
        files.extend(["--allow-insecure".to_owned(), "--proof".into(), fleet.path("base")]);
        expect_refused(name, &fleet.run("verify-enrolment", &files.iter().map(String::as_str).collect::<Vec<_>>()));
    }
}
