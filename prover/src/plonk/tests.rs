//! Proofs of the sample circuit: honest, violated, tampered, and against the library used plainly.

use std::slice::from_ref;
use std::sync::{Arc, OnceLock};

use ff::Field;
use group::Group;
use midnight_curves::G1Projective;
use midnight_proofs::plonk::{create_proof, keygen_pk, keygen_vk_with_k};
use midnight_proofs::transcript::Transcript;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::scheme::{KnownCommitments, ProofParams};
use super::*;
use crate::field::fi;
use crate::srs::insecure;
use crate::tables::sample::{self, Columns};

mod order;

const OUTER: [u8; 64] = [42; 64];

struct Bench {
    tables: Arc<Tables>,
    srs: Arc<Srs>,
    prover: ProverSetup,
    verifier: VerifierSetup,
}

fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let (tables, srs) = (Arc::new(sample::tables()), Arc::new(insecure::generate(sample::K).unwrap()));
        let prover = ProverSetup::new(tables.clone(), srs.clone()).unwrap();
        let verifier = VerifierSetup::new(tables.clone(), srs.clone()).unwrap();
        Bench { tables, srs, prover, verifier }
    })
}

fn honest(seed: u64) -> Columns {
    sample::columns(&mut ChaCha20Rng::seed_from_u64(seed))
}

fn commit(values: &[F]) -> G1Projective {
    crate::commit::Committer::new(bench().srs.clone(), 0, 0).unwrap().full_lagrange(values).unwrap()
}

fn committed(c: &Columns) -> Vec<Committed> {
    [&c.x, &c.y].map(|values| Committed { values: values.clone(), commitment: commit(values) }).to_vec()
}

fn commitments(c: &Columns) -> [G1Projective; 2] {
    [commit(&c.x), commit(&c.y)]
}

fn prove(c: &Columns) -> Result<Vec<u8>> {
    bench().prover.prove(committed(c), from_ref(&c.p), vec![c.a.clone(), c.b.clone()], &OUTER, &Randomness::System)
}

fn verify(c: &Columns, proof: &[u8]) -> Result<()> {
    bench().verifier.verify(&commitments(c), from_ref(&c.p), &OUTER, proof)
}

fn violations(c: &Columns) -> Vec<String> {
    let instance = vec![c.x.clone(), c.y.clone(), c.p.clone()];
    let failures = check(&bench().tables, instance, vec![c.a.clone(), c.b.clone()]).unwrap();
    failures.iter().map(Failure::to_string).collect()
}

fn satisfied(c: &Columns) -> bool {
    violations(c).is_empty()
}

#[test]
fn honest_proofs_are_accepted() {
    for seed in 0..4 {
        let columns = honest(seed);
        assert!(satisfied(&columns));
        let proof = prove(&columns).unwrap();
        verify(&columns, &proof).unwrap();
        assert_ne!(proof, prove(&columns).unwrap(), "proofs are randomised");
    }
}

#[test]
fn facts_state_the_proof_exactly() {
    let facts = bench().verifier.facts();
    assert_eq!(facts, bench().prover.facts());
    assert_eq!(prove(&honest(1)).unwrap().len(), facts.proof_bytes);
    assert_eq!((facts.degree, facts.blinding_factors, facts.usable_rows), (4, 5, 58));
    assert_eq!((facts.permutation_columns, facts.lookups, facts.gates), (6, 1, 2));
    assert_eq!((facts.committed_columns, facts.plain_columns, facts.committed_queries), (2, 1, 3));
    assert_eq!(facts.to_json()["proof_bytes"], facts.proof_bytes);
}

/// Each violation is seen by the library's checker, and its proof is refused or cannot be made.
#[test]
fn violations_are_refused() {
    let cases: [(&str, fn(&mut Columns)); 9] = [
        ("gate sample.up[0] row 0", |c| c.a[1] += F::ONE),
        ("gate sample.up[0] row 19", |c| c.a[sample::STEPS] += F::ONE),
        ("copy a row 0", |c| c.a.iter_mut().for_each(|a| *a += F::ONE)),
        ("gate sample.up[0] row 4", |c| c.x[4] += F::ONE),
        ("gate sample.down[0] row 5", |c| c.p[4] += F::ONE),
        ("lookup sample.range row 7", |c| (c.b[7], c.y[7]) = (fi(16), fi(16))),
        ("copy b row 3", |c| c.p[30] += F::ONE),
        ("copy x row 41", |c| c.x[41] += F::ONE),
        ("gate sample.down[1] row 8", |c| c.b[8] = fi(15) - c.b[8]),
    ];
    for (name, change) in cases {
        let mut columns = honest(9);
        change(&mut columns);
        let found = violations(&columns);
        assert!(found.iter().any(|f| f == name), "{name} is not among {found:?}");
        if let Ok(proof) = prove(&columns) {
            assert_eq!(verify(&columns, &proof).unwrap_err().code(), "refused", "{name}");
        }
    }
}

/// The checker must see a domain of the proof's size: here a gate reads from the last usable row into the blinding rows,
/// which a larger domain would fill with zeros.
#[test]
fn the_checker_sees_the_domain_of_the_proof() {
    let c = honest(12);
    let mut value = sample::json_tables();
    let last = (bench().tables.usable_rows() - 1).to_string();
    value["fixed"].as_array_mut().unwrap().push(serde_json::json!({"name": "q_last", "runs": [[last, "1", "1"]]}));
    let poly = serde_json::json!({"tag": "product", "factors": [sample::cell("q_last", 0), sample::cell("a", 1)]});
    value["gates"].as_array_mut().unwrap().push(serde_json::json!({"id": "sample.edge", "polys": [poly]}));
    let tables = Arc::new(Tables::parse(value.to_string().as_bytes()).unwrap());
    let found = check(&tables, vec![c.x.clone(), c.y.clone(), c.p.clone()], vec![c.a.clone(), c.b.clone()]).unwrap();
    assert_eq!(found.iter().map(Failure::to_string).collect::<Vec<_>>(), ["unusable sample.edge[0]"]);
    let srs = bench().srs.clone();
    let prover = ProverSetup::new(tables.clone(), srs.clone()).unwrap();
    let advice = vec![c.a.clone(), c.b.clone()];
    let proof = prover.prove(committed(&c), from_ref(&c.p), advice, &OUTER, &Randomness::System).unwrap();
    let verifier = VerifierSetup::new(tables, srs).unwrap();
    assert_eq!(verifier.verify(&commitments(&c), from_ref(&c.p), &OUTER, &proof).unwrap_err().code(), "refused");
}

#[test]
fn the_checker_refuses_wrong_shapes() {
    let (c, tables) = (honest(13), &bench().tables);
    let (instance, advice) = (vec![c.x.clone(), c.y.clone(), c.p.clone()], vec![c.a.clone(), c.b.clone()]);
    let long = vec![vec![F::ZERO; 59]; 3];
    for (instance, advice) in [
        (instance[..2].to_vec(), advice.clone()),
        (instance.clone(), advice[..1].to_vec()),
        (long.clone(), advice),
        (instance, long[..2].to_vec()),
    ] {
        assert_eq!(check(tables, instance, advice).unwrap_err().code(), "internal");
    }
}

/// Without the lookup, whose rows the library arranges in the order of a hash map.
#[test]
fn one_seed_gives_one_proof_whatever_the_threads() {
    let (srs, c) = (&bench().srs, honest(14));
    let mut value = sample::json_tables();
    value["lookups"] = serde_json::json!([]);
    let tables = Arc::new(Tables::parse(value.to_string().as_bytes()).unwrap());
    let prover = ProverSetup::new(tables, srs.clone()).unwrap();
    let prove = |threads: usize, randomness: Randomness| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (committed, advice) = (committed(&c), vec![c.a.clone(), c.b.clone()]);
        pool.install(|| prover.prove(committed, from_ref(&c.p), advice, &OUTER, &randomness)).unwrap()
    };
    let seeded = |byte: u8| Randomness::Insecure(zeroize::Zeroizing::new([byte; 32]));
    assert_eq!(prove(1, seeded(1)), prove(3, seeded(1)));
    assert_ne!(prove(1, seeded(1)), prove(1, seeded(2)));
    assert_ne!(prove(1, Randomness::System), prove(1, Randomness::System));
}

#[test]
fn altered_bytes_are_refused() {
    let columns = honest(2);
    let proof = prove(&columns).unwrap();
    for position in (0..proof.len()).step_by(3) {
        let mut bad = proof.clone();
        bad[position] ^= 1 << (position % 8);
        assert_eq!(verify(&columns, &bad).map_err(|e| e.code()), Err("refused"), "byte {position}");
    }
}

#[test]
fn hostile_bytes_are_refused() {
    let columns = honest(3);
    let proof = prove(&columns).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut hostile = vec![vec![], vec![0; proof.len()], vec![0xff; proof.len()], [proof.as_slice(), &[0]].concat()];
    hostile.extend((1..proof.len()).step_by(97).map(|length| proof[..length].to_vec()));
    hostile.extend((0..20).map(|_| (0..proof.len()).map(|_| rng.gen()).collect()));
    // Points at infinity and scalars p − 1 in place of each other part.
    let infinity = [[0xc0].as_slice(), &[0; 47]].concat();
    for start in (0..proof.len() - 48).step_by(16) {
        let mut bad = proof.clone();
        bad[start..start + 48].copy_from_slice(&infinity);
        hostile.push(bad);
    }
    for bytes in hostile {
        assert_eq!(verify(&columns, &bytes).map_err(|e| e.code()), Err("refused"));
    }
}

#[test]
fn proofs_serve_one_statement() {
    let (columns, other) = (honest(4), honest(5));
    let proof = prove(&columns).unwrap();
    let (coms, plain) = (commitments(&columns), [columns.p.clone()]);
    let check =
        |coms: &[G1Projective], plain: &[Vec<F>], outer: &[u8; 64]| bench().verifier.verify(coms, plain, outer, &proof);
    check(&coms, &plain, &OUTER).unwrap();
    let mut outer = OUTER;
    outer[63] ^= 1;
    let mut changed = plain.clone();
    changed[0][25] += F::ONE;
    let longer = [[columns.p.as_slice(), &[F::ZERO]].concat()];
    let identity = [G1Projective::identity(), coms[1]];
    for result in [
        check(&coms, &plain, &outer),
        check(&[coms[1], coms[0]], &plain, &OUTER),
        check(&[coms[0] + G1Projective::generator(), coms[1]], &plain, &OUTER),
        check(&identity, &plain, &OUTER),
        check(&commitments(&other), &plain, &OUTER),
        check(&coms, &[other.p], &OUTER),
        check(&coms, &changed, &OUTER),
        check(&coms, &longer, &OUTER),
    ] {
        assert_eq!(result.unwrap_err().code(), "refused");
    }
}

#[test]
fn commitments_must_be_those_of_the_values() {
    let columns = honest(6);
    let mut parts = committed(&columns);
    parts[0].commitment += G1Projective::generator();
    let coms = [parts[0].commitment, parts[1].commitment];
    let proof = bench()
        .prover
        .prove(parts, from_ref(&columns.p), vec![columns.a, columns.b], &OUTER, &Randomness::System)
        .unwrap();
    assert_eq!(bench().verifier.verify(&coms, from_ref(&columns.p), &OUTER, &proof).unwrap_err().code(), "refused");
}

/// Two committed columns may well be equal, for example masks of two lanes.
#[test]
fn equal_and_zero_committed_columns_are_accepted() {
    let mut columns = honest(7);
    columns.y = vec![F::ZERO; sample::STEPS];
    columns.b = columns.y.clone();
    columns.p[30] = F::ZERO;
    columns.x = columns.y.clone();
    columns.a = vec![fi(sample::START); sample::STEPS + 1];
    assert!(satisfied(&columns) && commit(&columns.x) == commit(&columns.y));
    verify(&columns, &prove(&columns).unwrap()).unwrap();
}

#[test]
fn wrong_shapes_are_refused_without_panic() {
    let c = honest(8);
    let long = vec![F::ZERO; 59];
    let prover = &bench().prover;
    let prove = |com: Vec<Committed>, plain: &[Vec<F>], advice: Vec<Vec<F>>| {
        prover.prove(com, plain, advice, &OUTER, &Randomness::System).unwrap_err()
    };
    let (com, plain, advice) = (committed(&c), vec![c.p.clone()], vec![c.a.clone(), c.b.clone()]);
    let mut long_com = com.clone();
    long_com[0].values = long.clone();
    let errors = [
        prove(com[..1].to_vec(), &plain, advice.clone()),
        prove(com.clone(), &[], advice.clone()),
        prove(com.clone(), &plain, advice[..1].to_vec()),
        prove(com.clone(), from_ref(&long), advice.clone()),
        prove(com, &plain, vec![long.clone(), long.clone()]),
        prove(long_com, &plain, advice),
        bench().verifier.verify(&commitments(&c)[..1], &plain, &OUTER, &[]).unwrap_err(),
        bench().verifier.verify(&commitments(&c), &[long], &OUTER, &[]).unwrap_err(),
    ];
    assert!(errors.iter().all(|e| e.code() == "internal"));
    let small = Arc::new(insecure::generate(5).unwrap());
    assert_eq!(ProverSetup::new(bench().tables.clone(), small.clone()).err().map(|e| e.code()), Some("input"));
    assert_eq!(VerifierSetup::new(bench().tables.clone(), small).err().map(|e| e.code()), Some("input"));
}

/// With one generator of randomness, the wrapper's proof is the plain scheme's, byte for byte. Without the lookup, whose
/// rows the library arranges in the order of a hash map.
#[test]
fn known_commitments_do_not_change_the_proof() {
    let (srs, c) = (&bench().srs, honest(10));
    let mut value = sample::json_tables();
    value["lookups"] = serde_json::json!([]);
    let tables = Arc::new(Tables::parse(value.to_string().as_bytes()).unwrap());
    let empty = TableCircuit::new(tables.clone());
    let circuit = || TableCircuit::with_advice(tables.clone(), vec![c.a.clone(), c.b.clone()]);
    let instance: [&[F]; 3] = [&c.x, &c.y, &c.p];
    let rng = || ChaCha20Rng::seed_from_u64(77);
    let transcript = || transcript::for_prover(&OUTER).unwrap();

    let plain_key = keygen_vk_with_k::<F, Kzg, _>(&srs.params, &empty, sample::K).unwrap();
    let plain_key = keygen_pk(plain_key, &empty).unwrap();
    let mut plain = transcript();
    create_proof::<F, Kzg, _, _>(&srs.params, &plain_key, &[circuit()], 2, &[&instance], &mut plain, rng()).unwrap();

    let params = ProofParams::new(srs.clone(), commitments(&c));
    let none = ProofParams::new(srs.clone(), []);
    let key = keygen_vk_with_k::<F, KnownCommitments, _>(&none, &empty, sample::K).unwrap();
    assert_eq!(key.transcript_repr(), plain_key.get_vk().transcript_repr());
    let key = keygen_pk(key, &empty).unwrap();
    let mut wrapped = transcript();
    create_proof::<F, KnownCommitments, _, _>(&params, &key, &[circuit()], 2, &[&instance], &mut wrapped, rng())
        .unwrap();
    assert!(params.exhausted());
    assert!(wrapped.finalize() == plain.finalize());
}
