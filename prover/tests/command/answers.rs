//! The files of a request and its answer: they speak of one model, and of nothing that the formats do not know.

use std::path::Path;

use serde_json::{json, Value};

use crate::files::*;
use crate::fleet::*;
use crate::signatures::{expect_refused, unsigned_copies};

/// An enrolment, a request that touches its first chunk, the state before it, and an answer of noise.
struct Answered {
    fleet: Fleet,
    enrolled: Enrolled,
    request: Artefact,
    state: Artefact,
}

impl Answered {
    fn new() -> Self {
        let fleet = Fleet::new(TOY);
        let none = fleet.nothing_forgotten();
        let enrolled = fleet.enrol("first", fleet.personalised(&none), &none);
        let mut state = fleet.state(&enrolled, &enrolled, &none);
        state.header["position"] = json!("0");
        let (bytes, d) = (TOY.weights.div_ceil(8), fleet.chunks()[0]);
        let mut mask = vec![0; bytes];
        mask[3] = 1;
        let header = fleet.header(json!({
            "request_id": "r", "nonce": "11".repeat(32), "forget": "x", "touched": ["0"], "budget": ["1000"],
            "rules": {"t1": "gamma^2*d/8", "t2": "32*rows*gamma"}, "created": "2026-01-01T00:00:00Z",
            "signer": signer(), "model": enrolled.enrolment.header["model"],
        }));
        let draft = Artefact::new("request", header)
            .with("mask", Tensor("U8", vec![bytes], mask))
            .with("h.00000", Tensor("I8", vec![2, d], vec![1; 2 * d]));
        let path = fleet.save(&draft, "draft");
        let commitments = fleet.path("commitments");
        fleet.run_with("toy", "commit-request", &["--draft", &path, "--out", &commitments]).ok();
        let tensor = |name: &str| read_plain(Path::new(&commitments), name);
        let request = draft.with("c_free", tensor("c_free")).with("c_forget", tensor("c_forget"));
        Answered { fleet, enrolled, request, state }
    }

    /// An answer to these files whose only message is noise.
    fn bundle(&self) -> Artefact {
        let header = json!({
            "client_id": "client-1", "enrolment_digest": self.enrolled.enrolment.digest(), "preset": "toy",
            "request_digest": self.request.digest(), "state_digest": self.state.digest(), "insecure": true,
            "tables_digest": self.enrolled.enrolment.header["tables_digest"],
            "srs_digest": self.enrolled.enrolment.header["srs_digest"], "chunks": ["0"],
        });
        Artefact::new("bundle", header).with("proof.00000", Tensor("U8", vec![5000], vec![7; 5000]))
    }

    fn verify(&self, request: &Artefact, bundle: &Artefact) -> Ran {
        let fleet = &self.fleet;
        let (path, points) = (fleet.save(request, "request"), fleet.path("request.points"));
        fleet.run_with("toy", "admit-request", &["--request", &path, "--out", &points]).ok();
        self.judge(&path, &fleet.save(bundle, "bundle"))
    }

    /// `verify` on files, with the points that were admitted last.
    fn judge(&self, path: &str, bundle: &str) -> Ran {
        let fleet = &self.fleet;
        let (points, state) = (fleet.path("request.points"), fleet.save(&self.state, "state"));
        let own = [fleet.path("first.enrolment"), fleet.path("first.points")];
        let arguments = [
            ["--enrolment", &own[0], "--enrolment-points", &own[1], "--request", path],
            ["--request-points", &points, "--state", &state, "--bundle", bundle],
        ];
        fleet.run_with("toy", "verify", &[&arguments.concat()[..], &["--allow-insecure"]].concat())
    }
}

type Edit = fn(&mut Value);

fn expect_input(name: &str, ran: &Ran, field: &str) {
    assert_eq!((ran.exit, &ran.error["field"]), (2, &json!(field)), "{name}: {ran:?}");
    assert!(ran.error["file"].is_string(), "{name}: {}", ran.error);
}

#[test]
fn requests_are_signed() {
    let answered = Answered::new();
    let fleet = &answered.fleet;
    let admit = |request: &Artefact| {
        let path = fleet.save(request, "request");
        fleet.run_with("toy", "admit-request", &["--request", &path, "--out", &fleet.path("request.points")])
    };
    admit(&answered.request).ok();
    for (name, request) in unsigned_copies(&answered.request, |r| r.header["budget"][0] = json!("2000")) {
        expect_refused(name, &admit(&request));
    }
    // The points of the signed file do not help an unsigned copy: `verify` asks again.
    admit(&answered.request).ok();
    let unsigned = Artefact { signature: Some(String::new()), ..answered.request.clone() };
    let (path, bundle) = (fleet.save(&unsigned, "request"), fleet.save(&answered.bundle(), "bundle"));
    expect_refused("verify", &answered.judge(&path, &bundle));
}

#[test]
fn requests_and_bundles_answer_the_enrolment() {
    let answered = Answered::new();
    // Noise in a sound bundle is a refusal: the files themselves belong together.
    let ran = answered.verify(&answered.request, &answered.bundle());
    assert_eq!((ran.exit, &ran.result["accepted"]), (3, &json!(false)), "{ran:?}");

    let requests: [(&str, Edit, &str); 6] = [
        ("another base", |h| h["model"]["base_digest"] = json!("11".repeat(32)), "model.base_digest"),
        ("another name", |h| h["model"]["name"] = json!("n"), "model"),
        ("another architecture", |h| h["model"]["architecture"] = json!("b"), "model"),
        ("the other mark", |h| h["srs_insecure"] = json!(true), "srs_insecure"),
        ("other tensors", |h| h["layout"]["tensors"][0]["path"] = json!("v"), "layout"),
        ("other tables", |h| h["tables_digest"] = json!("11".repeat(32)), "tables_digest"),
    ];
    for (name, edit, field) in requests {
        let mut request = answered.request.clone();
        edit(&mut request.header);
        expect_input(name, &answered.verify(&request, &answered.bundle()), field);
    }

    let bundles: [(&str, Edit, &str); 6] = [
        ("an unknown field", |h| h["note"] = json!("x"), "note"),
        ("no mark", |h| drop(h.as_object_mut().unwrap().remove("insecure")), "insecure"),
        ("the other mark", |h| h["insecure"] = json!(false), "insecure"),
        ("a chunk without its message", |h| h["chunks"] = json!(["0", "1"]), "proof.00001"),
        ("a message of another chunk", |h| h["chunks"] = json!(["1"]), "proof.00000"),
        ("no chunk", |h| h["chunks"] = json!([]), "chunks"),
    ];
    for (name, edit, field) in bundles {
        let mut bundle = answered.bundle();
        edit(&mut bundle.header);
        expect_input(name, &answered.verify(&answered.request, &bundle), field);
    }
    let tensors: [(&str, &str, Tensor); 4] = [
        ("an unknown tensor", "note", Tensor("U8", vec![1], vec![0])),
        ("two axes", "proof.00000", Tensor("U8", vec![1, 5000], vec![7; 5000])),
        ("signed bytes", "proof.00000", Tensor("I8", vec![5000], vec![7; 5000])),
        ("no bytes", "proof.00000", Tensor("U8", vec![0], vec![])),
    ];
    for (name, field, tensor) in tensors {
        let bundle = answered.bundle().with(field, tensor);
        expect_input(name, &answered.verify(&answered.request, &bundle), field);
    }
}
