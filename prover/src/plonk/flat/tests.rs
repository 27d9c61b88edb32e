//! The flat prover against the library, on both kinds of words.

use std::sync::Arc;

use midnight_proofs::plonk::{create_proof, keygen_pk, keygen_vk_with_k};
use midnight_proofs::transcript::Transcript;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::{json, Value};

use super::FlatProver;
use crate::field::F;
use crate::plonk::circuit::TableCircuit;
use crate::plonk::scheme::{KnownCommitments, ProofParams};
use crate::plonk::{transcript, Committed};
use crate::srs::{insecure, Srs};
use crate::tables::{sample, Tables};
use ff::Field;

const OUTER: [u8; 64] = [9; 64];

fn key(tables: &Arc<Tables>, srs: &Arc<Srs>) -> midnight_proofs::plonk::VerifyingKey<F, KnownCommitments> {
    let params = ProofParams::new(srs.clone(), []);
    keygen_vk_with_k(&params, &TableCircuit::new(tables.clone()), tables.k).unwrap()
}

struct Case {
    tables: Arc<Tables>,
    srs: Arc<Srs>,
    committed: Vec<Committed>,
    plain: Vec<Vec<F>>,
    advice: Vec<Vec<F>>,
}

impl Case {
    /// Random columns: a proof need not be true to have bytes.
    fn random(value: &Value, srs: &Arc<Srs>, seed: u64) -> Self {
        let tables = Arc::new(Tables::parse(value.to_string().as_bytes()).unwrap());
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let usable = tables.usable_rows();
        let mut columns = |count: usize| -> Vec<Vec<F>> {
            (0..count)
                .map(|_| {
                    let rows = if rng.gen() { usable } else { rng.gen_range(0..=usable) };
                    (0..rows).map(|_| if rng.gen_range(0..5) == 0 { F::ZERO } else { F::random(&mut rng) }).collect()
                })
                .collect()
        };
        let (count, all) = (tables.committed(), tables.instance.len());
        let (values, plain, advice) = (columns(count), columns(all - count), columns(tables.advice.len()));
        let committed = values
            .into_iter()
            .map(|values| {
                let bases = srs.lagrange().first(values.len());
                Committed { commitment: crate::commit::msm::full_parallel(bases, &values), values }
            })
            .collect();
        Case { tables, srs: srs.clone(), committed, plain, advice }
    }

    fn by_library(&self, seed: u64) -> Vec<u8> {
        let empty = TableCircuit::new(self.tables.clone());
        let params = ProofParams::new(self.srs.clone(), self.committed.iter().map(|c| c.commitment));
        let key = keygen_pk(key(&self.tables, &self.srs), &empty).unwrap();
        let circuit = TableCircuit::with_advice(self.tables.clone(), self.advice.clone());
        let instance: Vec<&[F]> =
            self.committed.iter().map(|c| &c.values).chain(&self.plain).map(Vec::as_slice).collect();
        let mut transcript = transcript::for_prover(&OUTER).unwrap();
        let rng = ChaCha20Rng::seed_from_u64(seed);
        create_proof(&params, &key, &[circuit], self.committed.len(), &[&instance], &mut transcript, rng).unwrap();
        transcript.finalize()
    }

    fn flat(&self, seed: u64, wide: bool) -> Vec<u8> {
        let prover = FlatProver::new(self.tables.clone(), self.srs.clone(), key(&self.tables, &self.srs), wide);
        let rng = ChaCha20Rng::seed_from_u64(seed);
        prover.prove(&self.committed, &self.plain, self.advice.clone(), &OUTER, rng).unwrap()
    }

    fn check(&self, seed: u64) {
        let want = self.by_library(seed);
        assert!(self.flat(seed, false) == want, "one element at a time");
        assert!(self.flat(seed, crate::vector::wide()) == want, "the widest words");
    }
}

fn sample_tables() -> Value {
    let mut value = sample::json_tables();
    (value["lookups"], value["copies"]) = (json!([]), json!([]));
    value
}

#[test]
fn proofs_are_those_of_the_library() {
    let srs = Arc::new(insecure::generate(sample::K).unwrap());
    (0..4).for_each(|seed| Case::random(&sample_tables(), &srs, seed).check(seed));
}

#[test]
fn many_threads_change_nothing_but_the_random_polynomial() {
    let srs = Arc::new(insecure::generate(sample::K).unwrap());
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Case::random(&sample_tables(), &srs, 5).check(5));
    }
}

/// Sums, products, negations and rotations of every kind, of degree up to 5.
fn expression(depth: u32) -> impl Strategy<Value = Value> {
    let cell = (0..3usize, -2..=2i32).prop_map(|(c, r)| sample::cell(["x", "a", "p"][c], r));
    let leaf = prop_oneof![cell, (0..5u8).prop_map(|v| json!({"tag": "const", "value": v.to_string()}))];
    leaf.prop_recursive(depth, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|t| json!({"tag": "sum", "terms": t})),
            prop::collection::vec(inner.clone(), 2..3).prop_map(|f| json!({"tag": "product", "factors": f})),
            inner.prop_map(|t| json!({"tag": "neg", "term": t})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_gates_give_the_proofs_of_the_library(polys in prop::collection::vec(expression(3), 1..4), seed in any::<u64>()) {
        let mut value = sample_tables();
        let gate = |p: &Value| json!({"tag": "product", "factors": [sample::cell("a", 0), p]});
        value["gates"] = json!([{"id": "any.gate", "polys": polys.iter().map(gate).collect::<Vec<_>>()}]);
        let parsed = Tables::parse(value.to_string().as_bytes());
        prop_assume!(parsed.is_ok_and(|t| t.degree() >= 3 && t.degree() <= 6));
        let srs = Arc::new(insecure::generate(sample::K).unwrap());
        Case::random(&value, &srs, seed).check(seed);
    }
}

#[test]
fn tables_with_lookups_or_copies_are_not_taken() {
    let all = Tables::parse(sample::json_tables().to_string().as_bytes()).unwrap();
    assert!(!FlatProver::takes(&all));
}
