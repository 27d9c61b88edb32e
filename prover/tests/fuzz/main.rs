//! The kept corpus of `fuzz/`, replayed without libFuzzer, and a few new mutations of it, the same in every run.

#[path = "../../fuzz/src/lib.rs"]
#[allow(dead_code)]
mod fuzz;

use std::path::PathBuf;

use fuzz::dice::{havoc, Dice};
use fuzz::mutate::mutate;
use fuzz::targets::{Target, ALL};

/// Mutations of each target; those that verify whole proofs take a hundred times as long as the others.
const MUTATIONS: usize = 2000;
const SLOW_MUTATIONS: usize = 60;
const SLOW: [&str; 6] = ["srs", "points", "answer", "enrolled", "renewed", "proof"];

/// Name and bytes of every file that the corpus keeps for a target.
fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target.name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let read =
        |path: PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap());
    let mut files: Vec<_> = paths.map(read).collect();
    files.sort();
    files
}

/// A file's name begins with its verdict, which the Python readers give too (`tests/fuzz`).
#[test]
fn every_kept_input_has_its_verdict() {
    for target in &ALL {
        let files = corpus(target);
        assert!(files.len() > 5, "{}: {} files", target.name, files.len());
        for (name, bytes) in &files {
            let outcome = target.run(bytes);
            assert!(name.starts_with(&format!("{}-", outcome.class)), "{}/{name}: {outcome}", target.name);
        }
        // A ceremony has 4,096 points: none is small enough to be kept.
        let accepted = files.iter().filter(|(name, _)| name.starts_with("accepted-")).count();
        assert_eq!(accepted > 0, target.name != "ceremony", "{}", target.name);
    }
}

#[test]
fn mutations_end_with_a_verdict() {
    for target in &ALL {
        let files = corpus(target);
        let times = if SLOW.contains(&target.name) { SLOW_MUTATIONS } else { MUTATIONS };
        let mut refused = 0;
        for seed in 0..times as u64 {
            let mut dice = Dice::new(seed);
            let (_, bytes) = dice.pick(&files).expect("a corpus");
            let (mut changed, mut bytes_dice) = (bytes.clone(), Dice::new(!seed));
            let mut change = |input: &mut Vec<u8>, max: usize| havoc(&mut bytes_dice, input, max);
            mutate(target.shape, &mut dice, &mut changed, target.max, &mut change);
            assert!(changed.len() <= target.max.max(bytes.len()));
            refused += usize::from(target.run(&changed).class != "accepted");
        }
        assert!(refused > times / 3, "{}: {refused} of {times} refused", target.name);
    }
}

/// What is not altered is put together again as it was, or the digests would not be what stops a mutation.
#[test]
fn files_taken_apart_are_sealed_as_they_were() {
    use fuzz::parts::Parts;
    for name in ["base", "request", "bundle", "srs"] {
        let target = fuzz::targets::named(name).expect("a target");
        for (name, bytes) in corpus(target).iter().filter(|(name, _)| name.starts_with("accepted-")) {
            let mut parts = Parts::open(bytes).expect("a container");
            parts.seal();
            assert_eq!(target.run(&parts.close()).class, "accepted", "{name}");
        }
    }
}
