//! The vectors that Python and Rust share: `vectors/<handler>/format.md` says what each file holds.

mod bytes;
mod chunks;
mod encodings;
mod enrolment;
mod fold;
mod forgeries;
mod proofs;
mod signatures;
mod tables;

use std::path::PathBuf;

use ff::FromUniformBytes;
use serde_json::Value;
use sha2::{Digest, Sha256};
use zkapex_prover::chunk::Opening;
use zkapex_prover::field::{self, F};
use zkapex_prover::online::statement::{Binding, CommitmentBytes, Statement};
use zkapex_prover::ternary::Ternary;
use zkapex_prover::transcript::OuterTranscript;

fn load(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is missing"))
}

fn bytes<const N: usize>(hexadecimal: &str) -> [u8; N] {
    hex::decode(hexadecimal).unwrap().try_into().unwrap()
}

fn number<T: std::str::FromStr>(value: &Value, key: &str) -> T {
    text(value, key).parse().ok().unwrap_or_else(|| panic!("{key} is no integer"))
}

fn numbers(list: &Value) -> Vec<i64> {
    list.as_str().unwrap().split(' ').map(|v| v.parse().unwrap()).collect()
}

fn point_bytes(points: &Value, label: &str) -> Vec<u8> {
    points[label].as_array().unwrap().iter().flat_map(|p| hex::decode(p.as_str().unwrap()).unwrap()).collect()
}

#[test]
fn transcript_scripts() {
    for script in load("transcript/scripts.json").as_array().unwrap() {
        let mut transcript = OuterTranscript::new();
        for step in script["steps"].as_array().unwrap() {
            if text(step, "op") == "absorb" {
                transcript.absorb(text(step, "label"), &hex::decode(text(step, "data")).unwrap());
                continue;
            }
            let mut again = transcript.clone();
            let scalar = again.challenge(text(step, "label"));
            let state = transcript.squeeze(text(step, "label"));
            assert_eq!(hex::encode(state), text(step, "state"), "{}", text(script, "name"));
            assert_eq!(field::to_decimal(&scalar), text(step, "scalar"), "{}", text(script, "name"));
        }
    }
}

#[test]
fn scalars_of_states() {
    for case in load("transcript/scalars.json").as_array().unwrap() {
        let scalar = F::from_uniform_bytes(&bytes(text(case, "state")));
        assert_eq!(field::to_decimal(&scalar), text(case, "scalar"), "{}", text(case, "name"));
    }
}

struct Chunk {
    statement: Value,
    points: Value,
}

impl Chunk {
    fn point_bytes(&self, label: &str) -> Vec<u8> {
        point_bytes(&self.points, label)
    }

    /// Challenges as the protocol draws them: r, eta, rho, mu, inner.
    fn challenges(&self) -> [String; 5] {
        let s = &self.statement;
        let binding = Binding {
            opening: Opening {
                tables: bytes(text(s, "tables")),
                srs: bytes(text(s, "srs")),
                preset: text(s, "preset").into(),
                client: text(s, "client").into(),
                enrolment: bytes(text(s, "enrolment")),
            },
            state: bytes(text(s, "state")),
            request: bytes(text(s, "request")),
        };
        let statement = Statement {
            chunk: number(s, "chunk"),
            weights: number(s, "weights"),
            gamma: number(s, "gamma"),
            limits: [number(s, "t1"), number(s, "t2"), number(s, "d")],
            free: vec![],
            theta_p: vec![],
            com_free: vec![],
            rows_by_lane: vec![],
            bytes: CommitmentBytes {
                theta_p: self.point_bytes("theta_p"),
                free: self.point_bytes("free"),
                gradients: self.point_bytes("gradients"),
                forget_rows: self.point_bytes("forget_rows"),
            },
        };
        let mut transcript = statement.transcript(&binding);
        transcript.absorb("theta_u", &self.point_bytes("theta_u"));
        transcript.absorb("y", &self.point_bytes("y"));
        let r = transcript.squeeze("r");
        transcript.absorb("bits", &self.point_bytes("bits"));
        let eta = transcript.challenge("eta");
        transcript.absorb("q", &self.point_bytes("q"));
        let rho = transcript.challenge("rho");
        let mu = transcript.nonzero_challenge("mu").unwrap();
        let inner = transcript.squeeze("inner");
        let decimal = |x: F| field::to_decimal(&x);
        [hex::encode(r), decimal(eta), decimal(rho), decimal(mu), hex::encode(inner)]
    }
}

const NAMES: [&str; 5] = ["r", "eta", "rho", "mu", "inner"];

#[test]
fn challenges_of_a_chunk_and_of_its_tampered_twins() {
    let vector = load("transcript/chunk.json");
    let honest = Chunk { statement: vector["statement"].clone(), points: vector["points"].clone() };
    assert_eq!(honest.challenges(), NAMES.map(|n| text(&vector["challenges"], n).to_owned()));
    for twin in vector["tampered"].as_array().unwrap() {
        let mut chunk = Chunk { statement: honest.statement.clone(), points: honest.points.clone() };
        match text(twin, "field").strip_prefix("points.") {
            Some(label) => *chunk.points[label].as_array_mut().unwrap().last_mut().unwrap() = twin["value"].clone(),
            None => chunk.statement[text(twin, "field")] = twin["value"].clone(),
        }
        assert_eq!(
            chunk.challenges(),
            NAMES.map(|n| text(&twin["challenges"], n).to_owned()),
            "{}",
            text(twin, "field")
        );
    }
}

/// One ternary case: expands, projects and combines with the fast paths.
struct Expanded {
    c: Vec<F>,
    c_e: Vec<F>,
    p: Vec<i64>,
}

fn expand(case: &Value) -> Expanded {
    let size = |key: &str| number::<usize>(&case["sizes"], key);
    let (lanes, active, rows) = (size("lanes"), size("active_rows"), size("rows"));
    let mut cells = vec![active; lanes];
    cells.push(rows);
    let ternary = Ternary::expand(&bytes(text(case, "r")), &cells, size("projections"));
    let mut values = vec![vec![0i64; active]; lanes];
    for (i, delta) in numbers(&case["delta"]).into_iter().enumerate() {
        values[i % lanes][i / lanes] = delta;
    }
    values.push(numbers(&case["e"]));
    let p = ternary.project(&values.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    let c = ternary.combine(field::parse_decimal(text(case, "eta")).unwrap());
    let by_weight = (0..active * lanes).map(|i| c[i % lanes][i / lanes]).collect();
    Expanded { c: by_weight, c_e: c[lanes].clone(), p }
}

#[test]
fn ternary_small() {
    let case = load("ternary/small.json");
    let got = expand(&case);
    let join = |values: &[F]| values.iter().map(field::to_decimal).collect::<Vec<_>>().join(" ");
    assert_eq!(got.p, numbers(&case["p"]));
    assert_eq!(join(&got.c), text(&case, "c"));
    assert_eq!(join(&got.c_e), text(&case, "c_e"));
}

#[test]
fn ternary_digests() {
    let digest = |values: &[F]| {
        let mut hash = Sha256::new();
        values.iter().for_each(|v| hash.update(field::to_le_bytes(v)));
        hex::encode(hash.finalize())
    };
    for case in load("ternary/digests.json").as_array().unwrap() {
        let got = expand(case);
        assert_eq!(got.p, numbers(&case["p"]));
        assert_eq!(digest(&got.c), text(case, "c_sha256"), "{}", text(case, "name"));
        assert_eq!(digest(&got.c_e), text(case, "c_e_sha256"), "{}", text(case, "name"));
    }
}
