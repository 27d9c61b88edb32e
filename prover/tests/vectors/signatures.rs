//! Ed25519: every verifier accepts the same signatures.

use crate::{bytes, load, text};
use zkapex_prover::artefact::signature::verify;

#[test]
fn all_verifiers_accept_the_same_signatures() {
    let cases = load("signatures/ed25519.json");
    let cases = cases.as_array().unwrap();
    assert!(cases.iter().any(|case| case["valid"] == true) && cases.iter().any(|case| case["why"] == "small"));
    for case in cases {
        let message = hex::decode(text(case, "message")).unwrap();
        let found = verify(&bytes(text(case, "public")), &message, &bytes(text(case, "signature")));
        assert_eq!(found, case["valid"] == true, "{}", text(case, "name"));
    }
}
