//! Which cell is opened first.

use super::*;

/// The library opens the quotient at the first opened point; here the first cell that a gate reads is of the next row.
#[test]
fn circuits_that_read_the_next_row_first_are_proved() {
    let (srs, c) = (&bench().srs, honest(11));
    let mut value = sample::json_tables();
    (value["lookups"], value["copies"]) = (serde_json::json!([]), serde_json::json!([]));
    let tables = Arc::new(Tables::parse(value.to_string().as_bytes()).unwrap());
    let prover = ProverSetup::new(tables.clone(), srs.clone()).unwrap();
    let verifier = VerifierSetup::new(tables, srs.clone()).unwrap();
    let proof = prover
        .prove(committed(&c), from_ref(&c.p), vec![c.a.clone(), c.b.clone()], &OUTER, &Randomness::System)
        .unwrap();
    verifier.verify(&commitments(&c), from_ref(&c.p), &OUTER, &proof).unwrap();
    assert_eq!(proof.len(), verifier.facts().proof_bytes);
}

#[test]
fn circuits_that_cannot_open_the_current_row_first_are_refused() {
    let mut value = sample::json_tables();
    (value["lookups"], value["copies"], value["advice"]) =
        (serde_json::json!([]), serde_json::json!([]), serde_json::json!([]));
    value["gates"] = serde_json::json!([{"id": "sample.next", "polys": [sample::cell("x", 1)]}]);
    let tables = Arc::new(Tables::parse(value.to_string().as_bytes()).unwrap());
    let error = VerifierSetup::new(tables, bench().srs.clone()).err().unwrap();
    assert_eq!((error.code(), error.place().field.as_deref()), ("input", Some("gates")));
}
