//! The forgeries of `vectors/enrolment` and `vectors/fold`: each breaks one sum, and its proof is refused.

use std::sync::Arc;

use ff::Field;
use midnight_curves::G1Projective;
use serde_json::Value;
use zkapex_prover::commit::Committer;
use zkapex_prover::error::Result;
use zkapex_prover::field::{self, F};
use zkapex_prover::plonk::{Committed, ProverSetup, Randomness, VerifierSetup};
use zkapex_prover::relation;
use zkapex_prover::srs::ceremony;
use zkapex_prover::tables::Tables;

use crate::enrolment::{digest, Case, CASES};
use crate::{load, number, text};

/// Committed, plain and advice columns of one chunk.
pub struct Columns {
    pub committed: Vec<Vec<F>>,
    pub plain: Vec<Vec<F>>,
    pub acc: Vec<F>,
}

/// Keys of a toy relation.
pub struct Toy {
    prover: ProverSetup,
    verifier: VerifierSetup,
    committer: Committer,
}

impl Toy {
    pub fn new(tables: &str) -> Self {
        let tables = load(&format!("tables/{tables}.tables.json")).to_string();
        let tables = Arc::new(Tables::parse(tables.as_bytes()).unwrap());
        let srs = Arc::new(ceremony::load(tables.k).unwrap());
        Toy {
            prover: ProverSetup::new(tables.clone(), srs.clone()).unwrap(),
            verifier: VerifierSetup::new(tables, srs.clone()).unwrap(),
            committer: Committer::new(srs, 0, 0).unwrap(),
        }
    }

    /// Proves the columns as they are, and verifies.
    pub fn verdict(&self, columns: Columns) -> Result<()> {
        let Columns { committed, plain, acc } = columns;
        let points: Vec<G1Projective> = relation::commit(&self.committer, &committed)?;
        let committed = committed.into_iter().zip(points.clone());
        let committed = committed.map(|(values, commitment)| Committed { values, commitment }).collect();
        let proof = self.prover.prove(committed, &plain, vec![acc], &[9; 64], &Randomness::System)?;
        self.verifier.verify(&points, &plain, &[9; 64], &proof)
    }
}

/// Checks the forgeries of a case; `assign` makes columns from the fields that a forgery replaces.
pub fn replay((name, toy): (&str, &Toy), case: &Value, mu: F, assign: impl Fn(&Value) -> Columns) {
    toy.verdict(assign(&Value::Null)).unwrap_or_else(|e| panic!("{name}: the honest chunk: {e}"));
    for forgery in case["forgeries"].as_array().unwrap() {
        let name = format!("{name} {}", text(forgery, "name"));
        let columns = assign(forgery);
        let scalar = |key: &str| field::parse_decimal(text(forgery, key)).unwrap();
        let end = *columns.acc.last().unwrap();
        assert_eq!(end, scalar("acc_end"), "{name}");
        assert_eq!(end, scalar("sum") * mu.pow_vartime([number::<u64>(forgery, "power")]), "{name}");
        assert_eq!(digest(&columns.acc), text(forgery, "acc_sha256"), "{name}");
        assert!(!bool::from(end.is_zero()), "{name}");
        assert_eq!(toy.verdict(columns).map_err(|e| e.code()), Err("refused"), "{name}");
    }
}

/// `honest` with the fields of `forged` in their places.
pub fn replaced(honest: &Value, forged: Option<&Value>) -> Value {
    let mut out = honest.clone();
    for (key, value) in forged.and_then(Value::as_object).into_iter().flatten() {
        out[key] = value.clone();
    }
    out
}

#[test]
fn forged_enrolments_are_refused() {
    let toy = Toy::new("enrol-toy");
    for name in CASES {
        let case = Case::load(name);
        let assign = |forgery: &Value| {
            let witness = replaced(&case.value["witness"], forgery.get("witness"));
            let done = case.assign(&witness, &replaced(&case.value["claim"], forgery.get("claim")));
            Columns { committed: [done.delta, done.fold, done.cells].concat(), plain: done.plain, acc: done.acc }
        };
        assert!(case.value["forgeries"].as_array().unwrap().len() >= 6, "{name}");
        replay((name, &toy), &case.value, case.challenges.mu[1], assign);
    }
}
