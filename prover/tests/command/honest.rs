//! What honest people do, and what it costs.

use serde_json::json;

use crate::fleet::*;

#[test]
fn enrolments_and_renewals_are_accepted() {
    let fleet = Fleet::new(TOY);
    let none = fleet.nothing_forgotten();
    let first = fleet.enrol("first", fleet.personalised(&none), &none);
    let proved = fleet.prove(&first, &[]).ok();
    assert_eq!(proved["chunks"].as_array().unwrap().len(), 2);
    let proof = fleet.bind(&first, None);
    let verdict = fleet.verify(&first, &proof, &[]).ok();
    assert_eq!(verdict["accepted"], json!(true));
    let again = fleet.prove(&first, &[]).ok();
    assert!(again["chunks"].as_array().unwrap().iter().all(|c| c["resumed"] == json!(true)));

    // A request forgets some weights; then new rows and blinding over the same model.
    let forgotten: Vec<bool> = (0..fleet.size.weights).map(|i| i % 11 == 3).collect();
    let current = fleet.enrol("current", fleet.personalised(&forgotten), &forgotten);
    let renewed = fleet.enrol("renewed", current.theta.clone(), &forgotten);
    let state = fleet.state(&first, &current, &forgotten);
    let state_path = fleet.save(&state, "state");
    let files = ["--state", &state_path, "--current-secret", &fleet.path("current.secret")];
    fleet.prove(&renewed, &files).ok();
    let proof = fleet.bind(&renewed, Some(&state));
    assert_eq!(fleet.verify(&renewed, &proof, &["--state", &state_path]).ok()["accepted"], json!(true));
    // The same bytes do not count as a first enrolment, whatever their header says.
    let mut first_again = proof.clone();
    first_again.header["state_digest"] = json!("");
    let verdict = fleet.verify(&renewed, &first_again, &[]);
    assert_eq!((verdict.exit, &verdict.result["accepted"]), (3, &json!(false)));
}

/// Figures of full chunks of the default preset; run with `--ignored --nocapture` on a quiet machine.
#[test]
#[ignore = "measures"]
fn figures_of_full_chunks() {
    let fleet = Fleet::new(FULL);
    let none = fleet.nothing_forgotten();
    let enrolled = fleet.enrol("first", fleet.personalised(&none), &none);
    let proved = fleet.prove(&enrolled, &[]).ok();
    for chunk in proved["chunks"].as_array().unwrap() {
        let (seconds, weights) = (chunk["seconds"].as_f64().unwrap(), chunk["weights"].as_u64().unwrap() as f64);
        println!("{:.2} µs a weight, {} bytes, stages {}", seconds * 1e6 / weights, chunk["bytes"], chunk["stages"]);
    }
    let verdict = fleet.verify(&enrolled, &fleet.bind(&enrolled, None), &[]).ok();
    for chunk in verdict["chunks"].as_array().unwrap() {
        println!("verified in {} s", chunk["seconds"]);
    }
    println!("peak bytes: proving {}, verifying {}", proved["peak_rss_bytes"], verdict["peak_rss_bytes"]);
}
