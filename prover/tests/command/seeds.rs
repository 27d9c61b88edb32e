//! Proofs from a known seed: the same bytes again, marked, announced, and never mixed with others.

use serde_json::{json, Value};

use crate::files::Ran;
use crate::fleet::*;

const OPTION: &str = "--insecure-blinding-seed";

struct Seeded {
    fleet: Fleet,
    enrolled: Enrolled,
}

impl Seeded {
    fn new() -> Self {
        let fleet = Fleet::new(TOY);
        let none = fleet.nothing_forgotten();
        let enrolled = fleet.enrol("first", fleet.personalised(&none), &none);
        Seeded { fleet, enrolled }
    }

    /// A run in an empty folder.
    fn afresh(&self, more: &[&str]) -> Vec<Vec<u8>> {
        let _ = std::fs::remove_dir_all(self.fleet.path("first.run"));
        self.fleet.prove(&self.enrolled, more).ok();
        (0..TOY.chunks).map(|chunk| std::fs::read(self.file(&format!("chunk-{chunk:05}.proof"))).unwrap()).collect()
    }

    fn file(&self, name: &str) -> String {
        self.fleet.path(&format!("first.run/{name}"))
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.file(name)).unwrap()).unwrap()
    }
}

#[test]
fn one_seed_gives_the_same_proofs_and_they_verify() {
    let (seeded, seed, other) = (Seeded::new(), "ab".repeat(32), "cd".repeat(32));
    let first = seeded.afresh(&[OPTION, &seed, "--threads", "3"]);
    let verdict = seeded.fleet.verify(&seeded.enrolled, &seeded.fleet.bind(&seeded.enrolled, None), &[]).ok();
    assert_eq!(verdict["accepted"], json!(true));
    assert_eq!(first, seeded.afresh(&[OPTION, &seed, "--threads", "1"]));
    // Cells' commitments and Halo2 proofs both change with the seed and with the chunk.
    let different = |a: &[u8], b: &[u8]| a[..48] != b[..48] && a[a.len() - 48..] != b[b.len() - 48..];
    assert!(first.iter().zip(seeded.afresh(&[OPTION, &other])).all(|(a, b)| different(a, &b)));
    assert!(first.iter().zip(seeded.afresh(&[])).all(|(a, b)| different(a, &b)));
    assert!(different(&first[0], &first[1]));
}

#[test]
fn seeded_runs_are_marked_and_not_mixed() {
    let (seeded, seed, other) = (Seeded::new(), "ab".repeat(32), "cd".repeat(32));
    let ran = seeded.fleet.prove(&seeded.enrolled, &[OPTION, &seed]);
    assert!(ran.events.contains("INSECURE BLINDING"), "{}", ran.events);
    assert_eq!(ran.ok()["insecure_blinding"], json!(true));
    assert_eq!(seeded.json("chunk-00001.done")["insecure_blinding"], json!(true));
    let refused = |ran: Ran| {
        assert_eq!((ran.exit, &ran.error["field"]), (2, &json!("statement")), "{ran:?}");
    };
    refused(seeded.fleet.prove(&seeded.enrolled, &[]));
    refused(seeded.fleet.prove(&seeded.enrolled, &[OPTION, &other]));
    assert_eq!(seeded.fleet.prove(&seeded.enrolled, &[OPTION, &seed]).ok()["chunks"][0]["resumed"], json!(true));

    seeded.afresh(&[]);
    let plain = seeded.json("manifest.json");
    assert!(
        plain.get("insecure_blinding").is_none() && seeded.json("chunk-00000.done").get("insecure_blinding").is_none()
    );
    let ran = seeded.fleet.prove(&seeded.enrolled, &[]);
    assert!(!ran.events.contains("INSECURE"));
    assert_eq!(ran.ok()["insecure_blinding"], json!(false));
    refused(seeded.fleet.prove(&seeded.enrolled, &[OPTION, &seed]));
}

#[test]
fn seeds_are_32_bytes_in_hex() {
    let seeded = Seeded::new();
    for bad in ["", "ab", &"AB".repeat(32), &"ab".repeat(33), &"zz".repeat(32)] {
        let ran = seeded.fleet.prove(&seeded.enrolled, &[OPTION, bad]);
        assert_eq!((ran.exit, &ran.error["field"]), (2, &json!("insecure-blinding-seed")), "{bad}: {ran:?}");
    }
}
