//! The flat verifier against the library: one verdict on honest and on altered proofs.

use std::sync::Arc;

use ff::Field;
use midnight_curves::G1Projective;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde_json::json;

use crate::commit::{self, Committer};
use crate::error::Result;
use crate::field::F;
use crate::plonk::{Committed, ProverSetup, Randomness, VerifierSetup};
use crate::srs::insecure;
use crate::tables::{sample, Tables};

const OUTER: [u8; 64] = [5; 64];

struct World {
    prover: ProverSetup,
    verifier: VerifierSetup,
    committer: Committer,
}

/// A proof with its statement.
#[derive(Clone)]
struct Case {
    committed: Vec<G1Projective>,
    plain: Vec<Vec<F>>,
    outer: [u8; 64],
    proof: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let mut value = sample::json_tables();
        (value["lookups"], value["copies"]) = (json!([]), json!([]));
        let tables = Arc::new(Tables::parse(value.to_string().as_bytes()).unwrap());
        let srs = Arc::new(insecure::generate(sample::K).unwrap());
        let verifier = VerifierSetup::new(tables.clone(), srs.clone()).unwrap();
        assert!(verifier.flat.is_some());
        let committer = Committer::new(srs.clone(), 0, 0).unwrap();
        World { prover: ProverSetup::new(tables, srs).unwrap(), verifier, committer }
    }

    fn honest(&self, seed: u64) -> Case {
        let columns = sample::columns(&mut ChaCha20Rng::seed_from_u64(seed));
        let committed: Vec<Committed> = [&columns.x, &columns.y]
            .map(|values| Committed {
                values: values.clone(),
                commitment: self.committer.full_lagrange(values).unwrap(),
            })
            .to_vec();
        let points = committed.iter().map(|c| c.commitment).collect();
        let (plain, advice) = (vec![columns.p], vec![columns.a, columns.b]);
        let proof = self.prover.prove(committed, &plain, advice, &OUTER, &Randomness::System).unwrap();
        Case { committed: points, plain, outer: OUTER, proof }
    }

    /// The verdict of both verifiers, which must agree in class and text.
    fn verdict(&self, case: &Case) -> Result<()> {
        let Case { committed, plain, outer, proof } = case;
        let flat = self.verifier.verify(committed, plain, outer, proof);
        let library = self.verifier.verify_by_library(committed, plain, outer, proof);
        match (&flat, &library) {
            (Ok(()), Ok(())) => {}
            (Err(a), Err(b)) => assert_eq!((a.code(), a.to_string()), (b.code(), b.to_string())),
            (a, b) => panic!("{a:?} where the library says {b:?}"),
        }
        flat
    }
}

#[test]
fn honest_proofs_are_accepted() {
    let world = World::new();
    (0..4).for_each(|seed| world.verdict(&world.honest(seed)).unwrap());
}

#[test]
fn every_altered_byte_is_refused() {
    let (world, mut rng) = (World::new(), ChaCha20Rng::seed_from_u64(1));
    let case = world.honest(9);
    for place in 0..case.proof.len() {
        let mut altered = case.clone();
        altered.proof[place] ^= if rng.gen() { 1 << rng.gen_range(0..8) } else { rng.gen_range(1..=255) };
        assert_eq!(world.verdict(&altered).unwrap_err().code(), "refused", "byte {place}");
    }
}

#[test]
fn altered_statements_are_refused() {
    let world = World::new();
    let case = world.honest(2);
    let point = commit::from_affine(&commit::to_affine(&case.committed)[0]) + case.committed[1];
    let changes: [(&str, &dyn Fn(&mut Case)); 9] = [
        ("a commitment", &|c| c.committed[0] = point),
        ("commitments in another order", &|c| c.committed.reverse()),
        ("a commitment at infinity", &|c| c.committed[1] = G1Projective::default()),
        ("a plain cell", &|c| c.plain[0][3] += F::ONE),
        ("a longer column, which says the same", &|c| c.plain[0].push(F::ZERO)),
        ("a shorter column", &|c| c.plain[0].truncate(30)),
        ("an empty column", &|c| c.plain[0].clear()),
        ("the outer transcript", &|c| c.outer[63] ^= 1),
        ("another proof", &|c| c.proof = world.honest(3).proof),
    ];
    for (name, change) in changes {
        let mut altered = case.clone();
        change(&mut altered);
        assert_eq!(world.verdict(&altered).unwrap_err().code(), "refused", "{name}");
    }
}

#[test]
fn hostile_bytes_are_refused() {
    let (world, mut rng) = (World::new(), ChaCha20Rng::seed_from_u64(4));
    let case = world.honest(5);
    let length = case.proof.len();
    let mut random = vec![0u8; length];
    rng.fill(&mut random[..]);
    // Points at infinity are well formed, and so are zeros as scalars.
    let infinities: Vec<u8> = [0xc0].into_iter().chain([0; 47]).cycle().take(length).collect();
    let mut infinite_head = case.proof.clone();
    infinite_head[..48].copy_from_slice(&infinities[..48]);
    let mut infinite_tail = case.proof.clone();
    infinite_tail[length - 48..].copy_from_slice(&infinities[..48]);
    let repeated = [&case.proof[..48], &case.proof[..48], &case.proof[96..]].concat();
    for proof in [random, vec![0; length], vec![0xff; length], infinities, infinite_head, infinite_tail, repeated] {
        assert_eq!(world.verdict(&Case { proof, ..case.clone() }).unwrap_err().code(), "refused");
    }
    for proof in [vec![], case.proof[..length - 1].to_vec(), [&case.proof[..], &[0]].concat()] {
        assert_eq!(world.verifier.verify(&case.committed, &case.plain, &OUTER, &proof).unwrap_err().code(), "refused");
    }
}

#[test]
fn columns_that_do_not_fit_are_the_callers_fault() {
    let world = World::new();
    let case = world.honest(6);
    let code = |committed: &[G1Projective], plain: &[Vec<F>]| {
        world.verifier.verify(committed, plain, &OUTER, &case.proof).unwrap_err().code()
    };
    assert_eq!(code(&case.committed[..1], &case.plain), "internal");
    assert_eq!(code(&case.committed, &[]), "internal");
    assert_eq!(code(&case.committed, &[vec![F::ONE; 1 << sample::K]]), "internal");
}

#[test]
fn many_openings_hold_where_each_does() {
    let world = World::new();
    let prepare = |case: &Case| world.verifier.prepare(&case.committed, &case.plain, &OUTER, &case.proof).unwrap();
    let cases: Vec<Case> = (0..5).map(|seed| world.honest(seed)).collect();
    let good: Vec<_> = cases.iter().map(prepare).collect();
    assert!(world.verifier.hold(&[]));
    assert!(world.verifier.hold(&good.iter().collect::<Vec<_>>()));
    let mut wrong = cases[0].clone();
    wrong.plain[0][0] += F::ONE;
    let bad = prepare(&wrong);
    assert_eq!(world.verifier.finish(&bad).unwrap_err().code(), "refused");
    // The same false opening twice would cancel without random coefficients of its own for each.
    for place in 0..5 {
        let mut mixed: Vec<_> = good.iter().collect();
        mixed[place] = &bad;
        assert!(!world.verifier.hold(&mixed));
        mixed[(place + 1) % 5] = &bad;
        assert!(!world.verifier.hold(&mixed));
    }
}
