//! Halo2 proofs of the small circuits of `vectors/proofs`, with and without lookups and copies. The last byte names the circuit.

use std::sync::{Arc, OnceLock};

use midnight_curves::G1Projective;
use zkapex_prover::commit::parse_compressed_public;
use zkapex_prover::field::{self, F};
use zkapex_prover::plonk::VerifierSetup;
use zkapex_prover::{srs, Error, Result};

use super::vectors::{self, bytes, text};

const CIRCUITS: [&str; 10] =
    ["cycles", "empty", "instance_only", "leftover", "next_first", "pairs", "ranges", "rotated_only", "steps", "wide"];

struct Circuit {
    setup: VerifierSetup,
    committed: Vec<G1Projective>,
    plain: Vec<Vec<F>>,
    outer: [u8; 64],
    honest: Vec<u8>,
}

impl Circuit {
    fn load(name: &str) -> Self {
        let case = vectors::load(&format!("proofs/{name}.json"));
        let tables = Arc::new(vectors::tables(&format!("proofs/{name}.tables.json")));
        let (committed, plain) = tables.instance.split_at(tables.committed());
        let points: Vec<u8> =
            committed.iter().flat_map(|c| hex::decode(text(&case["commitments"], &c.name)).expect("hex")).collect();
        let column =
            |cells: &str| cells.split_whitespace().map(|x| field::parse_decimal(x).expect("a scalar")).collect();
        Circuit {
            committed: parse_compressed_public(&points).expect("points"),
            plain: plain.iter().map(|c| column(text(&case["plain"], &c.name))).collect(),
            outer: bytes(&case, "outer"),
            honest: hex::decode(text(&case, "proof")).expect("hex"),
            setup: VerifierSetup::new(tables.clone(), Arc::new(srs::ceremony::load(tables.k).expect("the ceremony")))
                .expect("a key"),
        }
    }
}

pub fn proof(data: &[u8]) -> Result<()> {
    static WORLD: OnceLock<Vec<Circuit>> = OnceLock::new();
    let circuits = WORLD.get_or_init(|| CIRCUITS.map(Circuit::load).into());
    let Some((name, proof)) = data.split_last() else { return Err(Error::input("no circuit is named")) };
    let circuit = &circuits[usize::from(*name) % circuits.len()];
    circuit.setup.verify(&circuit.committed, &circuit.plain, &circuit.outer, proof)?;
    assert_eq!(proof, circuit.honest, "an altered proof is accepted");
    Ok(())
}
