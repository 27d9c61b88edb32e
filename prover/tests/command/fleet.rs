//! A provider with a base and a client with its secret, as files in a folder of their own.

use std::path::{Path, PathBuf};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::files::*;

/// Sizes of a run.
#[derive(Clone, Copy)]
pub struct Size {
    pub preset: &'static str,
    pub tables: &'static str,
    pub enrol_tables: &'static str,
    pub k: usize,
    pub rows: usize,
    pub weights: usize,
    pub chunks: usize,
}

pub const TOY: Size =
    Size { preset: "toy", tables: "toy", enrol_tables: "enrol-toy", k: 8, rows: 8, weights: 1502, chunks: 2 };

/// Full chunks of the default preset.
pub const FULL: Size = Size {
    preset: "ceremony-4096",
    tables: "ceremony-4096",
    enrol_tables: "enrol-ceremony-4096",
    k: 12,
    rows: 64,
    weights: 3 * 63_744,
    chunks: 3,
};

/// What stays the same over all enrolments.
pub struct Fleet {
    pub size: Size,
    pub folder: TempDir,
    pub base: Artefact,
    srs_digest: String,
    theta_0: Vec<i32>,
}

/// One enrolment of the client, and where its files lie.
#[derive(Clone)]
pub struct Enrolled {
    pub enrolment: Artefact,
    pub theta: Vec<i32>,
    pub name: String,
}

fn tables(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/tables").join(format!("{name}.tables.json"))
}

fn file_digest(path: &Path) -> String {
    hex::encode(Sha256::digest(std::fs::read(path).unwrap()))
}

/// How a base names its weights.
pub fn weights_digest(weights: &[u8]) -> String {
    hex::encode(Sha256::new_with_prefix(b"zkapex.base/1\0").chain_update(weights).finalize())
}

fn text(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

impl Fleet {
    /// Makes the SRS and a base, commits it and admits it.
    pub fn new(size: Size) -> Self {
        let folder = TempDir::new().unwrap();
        let srs = folder.path().join("srs");
        let made =
            run(&["srs".into(), "ceremony".into(), "--k".into(), size.k.to_string(), "--out".into(), text(&srs)]).ok();
        let srs_digest = made["digest"].as_str().unwrap().to_owned();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let theta_0: Vec<i32> = (0..size.weights).map(|_| rng.gen_range(-4000..4000)).collect();
        let draft = Artefact::new("base", json!({}));
        let named = weights_digest(&i32_bytes(&theta_0));
        let mut fleet = Fleet { size, folder, base: draft, srs_digest, theta_0 };
        fleet.base.header = fleet.header(json!({
            "enrol_tables_digest": file_digest(&tables(size.enrol_tables)), "created": "2026-01-01T00:00:00Z",
            "signer": signer(), "model": {"name": "m", "architecture": "a", "base_digest": named},
            "distance": vec![(size.weights * 40_000).to_string(); size.chunks],
        }));
        fleet.base = fleet.base.clone().with("theta0", Tensor("I32", vec![size.weights], i32_bytes(&fleet.theta_0)));
        let draft = fleet.save(&fleet.base, "draft");
        fleet.run("commit-base", &["--draft", &draft, "--out", &fleet.path("c_base")]).ok();
        fleet.base = fleet.base.clone().with("c_base", read_plain(Path::new(&fleet.path("c_base")), "c_base"));
        fleet.save(&fleet.base, "base");
        fleet.run("admit-base", &["--base", &fleet.path("base"), "--out", &fleet.path("base-points")]).ok();
        fleet
    }

    pub fn path(&self, name: &str) -> String {
        text(self.folder.path().join(name))
    }

    pub fn save(&self, artefact: &Artefact, name: &str) -> String {
        text(artefact.save(&self.folder.path().join(name)))
    }

    pub fn chunks(&self) -> Vec<usize> {
        let (d, m) = (self.size.weights, self.size.chunks);
        (0..m).map(|i| d / m + usize::from(i < d % m)).collect()
    }

    fn layout(&self) -> Value {
        let (weights, chunks) = (self.size.weights.to_string(), self.chunks());
        json!({
            "pattern": "w", "tensors": [{"path": "w", "shape": [weights]}], "weights": weights,
            "chunks": chunks.iter().map(usize::to_string).collect::<Vec<_>>(),
        })
    }

    /// Fields of artefacts that name what they were made with, and `more`.
    pub fn header(&self, more: Value) -> Value {
        let mut header = json!({
            "preset": self.size.preset, "tables_digest": file_digest(&tables(self.size.tables)),
            "srs_digest": self.srs_digest, "srs_insecure": false, "layout": self.layout(),
        });
        more.as_object().unwrap().iter().for_each(|(key, value)| header[key] = value.clone());
        header
    }

    /// A command with this fleet's enrol tables and SRS.
    pub fn run(&self, command: &str, arguments: &[&str]) -> Ran {
        self.run_with(self.size.enrol_tables, command, arguments)
    }

    pub fn run_with(&self, table: &str, command: &str, arguments: &[&str]) -> Ran {
        let head = [command.to_owned(), "--tables".into(), text(tables(table)), "--srs".into(), self.path("srs")];
        run(&head.into_iter().chain(arguments.iter().map(|a| (*a).to_owned())).collect::<Vec<_>>())
    }

    /// A model near the base that is zero where `forgotten` says.
    pub fn personalised(&self, forgotten: &[bool]) -> Vec<i32> {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        self.theta_0
            .iter()
            .zip(forgotten)
            .map(|(t, gone)| if *gone { 0 } else { t + rng.gen_range(-200..=200) })
            .collect()
    }

    /// Enrols a model with new rows and seeds, and admits the enrolment.
    pub fn enrol(&self, name: &str, theta: Vec<i32>, forgotten: &[bool]) -> Enrolled {
        let secret = self.secret(name, &theta, forgotten);
        let path = self.save(&secret, &format!("{name}.secret"));
        let commitments = self.path(&format!("{name}.c"));
        self.run_with(self.size.tables, "enrol", &["--secret", &path, "--out", &commitments]).ok();
        let header = self.header(json!({
            "client_id": "client-1", "model": {"name": "m", "architecture": "a", "base_digest": self.base.digest()},
            "gamma": vec!["1048576"; self.size.chunks], "fixed_point_bits": "16", "created": "2026-01-01T00:00:00Z",
            "nonce": hex::encode(Sha256::digest(name)),
        }));
        let tensor = |name: &str| read_plain(Path::new(&commitments), name);
        let enrolment = Artefact::new("enrolment", header)
            .with("c_theta", tensor("c_theta"))
            .with("c_gradients", tensor("c_gradients"));
        let enrolled = Enrolled { enrolment, theta, name: name.into() };
        self.admit(&enrolled).ok();
        enrolled
    }

    /// Saves the enrolment and keeps its points.
    pub fn admit(&self, enrolled: &Enrolled) -> Ran {
        let path = self.save(&enrolled.enrolment, &format!("{}.enrolment", enrolled.name));
        let points = self.path(&format!("{}.points", enrolled.name));
        self.run_with(self.size.tables, "admit-enrolment", &["--enrolment", &path, "--out", &points])
    }

    fn secret(&self, name: &str, theta: &[i32], forgotten: &[bool]) -> Artefact {
        let mut rng = ChaCha8Rng::from_seed(Sha256::digest(name).into());
        let header = json!({
            "client_id": "client-1", "gamma": vec!["1048576"; self.size.chunks], "enrolment_digest": "",
            "preset": self.size.preset, "layout": self.layout(),
        });
        let mut bytes = |count: usize| -> Vec<u8> { (0..count).map(|_| rng.gen()).collect() };
        let mut secret = Artefact::new("secret", header)
            .with("theta", Tensor("I32", vec![theta.len()], i32_bytes(theta)))
            .with("theta_seeds", Tensor("U8", vec![self.size.chunks, 32], bytes(32 * self.size.chunks)))
            .with("gradient_seed", Tensor("U8", vec![32], bytes(32)));
        let mut start = 0;
        for (chunk, d) in self.chunks().into_iter().enumerate() {
            let mut rows = bytes(self.size.rows * d);
            rows.iter_mut().enumerate().filter(|(i, _)| forgotten[start + i % d]).for_each(|(_, g)| *g = 0);
            secret = secret.with(&format!("gradients.{chunk:05}"), Tensor("I8", vec![self.size.rows, d], rows));
            start += d;
        }
        secret
    }

    /// The ledger's state of a client: an enrolment whose model was replaced by `current` under a mask.
    pub fn state(&self, first: &Enrolled, current: &Enrolled, forgotten: &[bool]) -> Artefact {
        let mut mask = vec![0u8; forgotten.len().div_ceil(8)];
        forgotten.iter().enumerate().filter(|(_, gone)| **gone).for_each(|(i, _)| mask[i / 8] |= 1 << (i % 8));
        let header = json!({
            "client_id": "client-1", "enrolment_digest": first.enrolment.digest(), "position": "1",
            "head": "00".repeat(32), "layout": self.layout(),
        });
        Artefact::new("state", header)
            .with("c_theta", current.enrolment.tensors["c_theta"].clone())
            .with("cumulative", Tensor("U8", vec![mask.len()], mask))
    }

    /// The public files as arguments.
    pub fn public(&self, enrolled: &Enrolled) -> Vec<String> {
        let own = |part: &str| self.path(&format!("{}.{part}", enrolled.name));
        let pairs = [
            ("--enrolment", own("enrolment")),
            ("--enrolment-points", own("points")),
            ("--base", self.path("base")),
            ("--base-points", self.path("base-points")),
        ];
        pairs.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }

    /// Proves into a folder of the enrolment's name.
    pub fn prove(&self, enrolled: &Enrolled, more: &[&str]) -> Ran {
        let mut arguments = self.public(enrolled);
        arguments.extend(
            [
                "--secret",
                &self.path(&format!("{}.secret", enrolled.name)),
                "--out",
                &self.path(&format!("{}.run", enrolled.name)),
            ]
            .map(str::to_owned),
        );
        arguments.extend(more.iter().map(|a| (*a).to_owned()));
        self.run("prove-enrolment", &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Binds the proofs of a run together.
    pub fn bind(&self, enrolled: &Enrolled, state: Option<&Artefact>) -> Artefact {
        let header = json!({
            "client_id": "client-1", "enrolment_digest": enrolled.enrolment.digest(), "base_digest": self.base.digest(),
            "state_digest": state.map_or(String::new(), Artefact::digest), "preset": self.size.preset,
            "enrol_tables_digest": file_digest(&tables(self.size.enrol_tables)), "srs_digest": self.srs_digest,
            "insecure": self.size.preset == "toy", "chunks": (0..self.size.chunks).map(|c| c.to_string()).collect::<Vec<_>>(),
        });
        (0..self.size.chunks).fold(Artefact::new("enrolment-proof", header), |proof, chunk| {
            let path = self.folder.path().join(format!("{}.run/chunk-{chunk:05}.proof", enrolled.name));
            let bytes = std::fs::read(path).unwrap();
            proof.with(&format!("proof.{chunk:05}"), Tensor("U8", vec![bytes.len()], bytes))
        })
    }

    /// Verifies a bound proof.
    pub fn verify(&self, enrolled: &Enrolled, proof: &Artefact, more: &[&str]) -> Ran {
        let path = self.save(proof, "proof");
        let mut arguments = self.public(enrolled);
        arguments.extend(["--allow-insecure", "--proof", &path].map(str::to_owned));
        arguments.extend(more.iter().map(|a| (*a).to_owned()));
        self.run("verify-enrolment", &arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub fn nothing_forgotten(&self) -> Vec<bool> {
        vec![false; self.size.weights]
    }
}
