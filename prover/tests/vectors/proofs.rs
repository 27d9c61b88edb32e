//! `vectors/proofs/`: whole proofs of small circuits, each made again from its seed, and their invalid twins.

use std::path::PathBuf;
use std::sync::Arc;

use midnight_curves::G1Projective;
use serde_json::Value;
use zeroize::Zeroizing;
use zkapex_prover::commit::{compress, parse_compressed_public, Committer};
use zkapex_prover::error::Result;
use zkapex_prover::field::{self, F};
use zkapex_prover::plonk::{check, Committed, ProverSetup, Randomness, VerifierSetup};
use zkapex_prover::relation;
use zkapex_prover::tables::Tables;

use crate::bytes::{assert_same, ceremony};
use crate::{bytes, load, number, text};

const CIRCUITS: usize = 6;

/// Names of all circuits of the folder.
fn names() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/proofs");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.filter_map(|f| f.strip_suffix(".tables.json").map(str::to_owned)).collect();
    names.sort();
    names
}

/// One vector with the keys of its circuit.
pub struct Circuit {
    pub case: Value,
    tables: Arc<Tables>,
    prover: ProverSetup,
    pub verifier: VerifierSetup,
    committer: Committer,
}

fn cells(text: &str) -> Vec<F> {
    text.split_whitespace().map(|x| field::parse_decimal(x).unwrap()).collect()
}

fn columns<'a>(names: impl Iterator<Item = &'a str>, values: &Value) -> Vec<Vec<F>> {
    names.map(|name| cells(text(values, name))).collect()
}

fn points<'a>(names: impl Iterator<Item = &'a str>, values: &Value) -> Result<Vec<G1Projective>> {
    let bytes: Vec<u8> = names.flat_map(|name| hex::decode(text(values, name)).unwrap()).collect();
    parse_compressed_public(&bytes)
}

impl Circuit {
    pub fn load(name: &str) -> Self {
        let case = load(&format!("proofs/{name}.json"));
        assert_eq!(text(&case, "name"), name);
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/proofs").join(text(&case, "tables"));
        let tables = Arc::new(Tables::load(&file).unwrap());
        assert_eq!(tables.k, number::<u32>(&case, "k"), "{name}");
        let srs = ceremony(&case, tables.k);
        Circuit {
            prover: ProverSetup::new(tables.clone(), srs.clone()).unwrap(),
            verifier: VerifierSetup::new(tables.clone(), srs.clone()).unwrap(),
            committer: Committer::new(srs, 0, 0).unwrap(),
            tables,
            case,
        }
    }

    fn committed_names(&self) -> impl Iterator<Item = &str> {
        self.tables.instance_names().take(self.tables.committed())
    }

    fn plain_names(&self) -> impl Iterator<Item = &str> {
        self.tables.instance_names().skip(self.tables.committed())
    }

    fn advice(&self) -> Vec<Vec<F>> {
        columns(self.tables.advice_names(), &self.case["advice"])
    }

    fn plain(&self) -> Vec<Vec<F>> {
        columns(self.plain_names(), &self.case["plain"])
    }

    fn prove(&self) -> Vec<u8> {
        let case = &self.case;
        let values = columns(self.committed_names(), &case["committed"]);
        let instance = [values.clone(), self.plain()].concat();
        assert_eq!(check(&self.tables, instance, self.advice()).unwrap(), [], "{}", text(case, "name"));
        let made = relation::commit(&self.committer, &values).unwrap();
        assert_eq!(made, points(self.committed_names(), &case["commitments"]).unwrap(), "{}", text(case, "name"));
        let committed = values.into_iter().zip(made);
        let committed = committed.map(|(values, commitment)| Committed { values, commitment }).collect();
        let seed = Randomness::Insecure(Zeroizing::new(bytes(text(case, "seed"))));
        self.prover.prove(committed, &self.plain(), self.advice(), &bytes(text(case, "outer")), &seed).unwrap()
    }

    /// The verdict where the fields of `twin` stand in the place of the honest ones.
    pub fn verify(&self, twin: &Value) -> Result<()> {
        let field = |name: &str, honest: &str| twin.get(name).unwrap_or(&self.case[honest]).clone();
        let committed = points(self.committed_names(), &field("committed", "commitments"))?;
        let plain = columns(self.plain_names(), &field("plain", "plain"));
        let outer = bytes(field("outer", "outer").as_str().unwrap());
        let proof = hex::decode(field("proof", "proof").as_str().unwrap()).unwrap();
        self.verifier.verify(&committed, &plain, &outer, &proof)
    }
}

#[test]
fn proofs_are_made_again_byte_for_byte() {
    let names = names();
    assert!(names.len() >= CIRCUITS, "{names:?}");
    let mut repeated = 0;
    for name in &names {
        let circuit = Circuit::load(name);
        let case = &circuit.case;
        assert_eq!(field::to_decimal(&circuit.verifier.facts().key), text(case, "key"), "{name}: key");
        circuit.verify(&Value::Null).unwrap_or_else(|e| panic!("{name}: {e}"));
        let (made, wanted) = (circuit.prove(), hex::decode(text(case, "proof")).unwrap());
        if case["deterministic"].as_bool().unwrap() {
            assert_same(name, &case["rounds"], &made, &wanted);
            repeated += 1;
        }
        circuit.verify(&serde_json::json!({"proof": hex::encode(&made)})).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    assert!(repeated >= CIRCUITS);
}

#[test]
fn twins_that_do_not_hold_are_refused_with_their_class() {
    for name in names() {
        let circuit = Circuit::load(&name);
        let twins = circuit.case["invalid"].as_array().unwrap();
        assert!(!twins.is_empty(), "{name}");
        for twin in twins {
            let code = match text(twin, "error") {
                "refused" => "refused",
                "point" => "input",
                other => panic!("{name}: unknown class {other}"),
            };
            let verdict = circuit.verify(twin).map_err(|e| e.code());
            assert_eq!(verdict, Err(code), "{name}: {}", text(twin, "name"));
        }
    }
}

/// A commitment's bytes come back as they were.
#[test]
fn commitments_are_written_as_they_are_read() {
    let circuit = Circuit::load(&names()[0]);
    for name in circuit.committed_names() {
        let hexadecimal = text(&circuit.case["commitments"], name);
        let read = parse_compressed_public(&hex::decode(hexadecimal).unwrap()).unwrap();
        assert_eq!(hex::encode(compress(&read)), hexadecimal);
    }
}
