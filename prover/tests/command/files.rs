//! Writing artefacts and running the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};

/// A tensor of an artefact: dtype, shape, bytes.
#[derive(Clone)]
pub struct Tensor(pub &'static str, pub Vec<usize>, pub Vec<u8>);

/// An artefact in memory, free to be wrong.
#[derive(Clone)]
pub struct Artefact {
    pub kind: &'static str,
    pub header: Value,
    pub tensors: BTreeMap<String, Tensor>,
    /// What stands in place of the provider's signature; nothing at all where it is empty.
    pub signature: Option<String>,
}

/// The key of every provider here.
pub fn provider() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The provider's public key in hex.
pub fn signer() -> String {
    hex::encode(provider().verifying_key())
}

impl Artefact {
    pub fn new(kind: &'static str, header: Value) -> Self {
        Artefact { kind, header, tensors: BTreeMap::new(), signature: None }
    }

    pub fn with(mut self, name: &str, tensor: Tensor) -> Self {
        self.tensors.insert(name.into(), tensor);
        self
    }

    fn text(&self) -> String {
        let mut header = self.header.clone();
        let entry = |t: &Tensor| {
            let shape: Vec<String> = t.1.iter().map(usize::to_string).collect();
            json!({"dtype": t.0, "shape": shape, "sha256": hex::encode(Sha256::digest(&t.2))})
        };
        header["format"] = json!(format!("zkapex.{}", self.kind));
        header["version"] = json!("1");
        header["tensors"] = Value::Object(self.tensors.iter().map(|(name, t)| (name.clone(), entry(t))).collect());
        header.to_string()
    }

    /// SHA-256 of the header, in hex.
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.text()))
    }

    /// The provider's signature of this header, in hex.
    pub fn signed(&self) -> String {
        let message = [b"zkapex.signature/1\0", self.text().as_bytes()].concat();
        hex::encode(provider().sign(&message).to_bytes())
    }

    fn metadata(&self) -> Value {
        let mut metadata = json!({"zkapex": self.text()});
        let own = || if self.header["signer"].is_string() { self.signed() } else { String::new() };
        let signature = self.signature.clone().unwrap_or_else(own);
        if !signature.is_empty() {
            metadata["signature"] = json!(signature);
        }
        metadata
    }

    pub fn save(&self, path: &Path) -> PathBuf {
        let (mut table, mut data) = (Map::new(), Vec::new());
        for (name, t) in &self.tensors {
            let start = data.len();
            data.extend_from_slice(&t.2);
            table.insert(name.clone(), json!({"dtype": t.0, "shape": t.1, "data_offsets": [start, data.len()]}));
        }
        table.insert("__metadata__".into(), self.metadata());
        let head = Value::Object(table).to_string().into_bytes();
        let mut out = (head.len() as u64).to_le_bytes().to_vec();
        out.extend(head);
        out.extend(data);
        std::fs::write(path, out).unwrap();
        path.to_owned()
    }
}

/// Tensors of a plain safetensors file as the program wrote it.
pub fn read_plain(path: &Path, name: &str) -> Tensor {
    let bytes = std::fs::read(path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let view = tensors.tensor(name).unwrap();
    Tensor("U8", view.shape().to_vec(), view.data().to_vec())
}

pub fn i32_bytes(values: &[i32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

/// What a run of the program gave.
#[derive(Debug)]
pub struct Ran {
    pub exit: i32,
    pub result: Value,
    /// The last line of standard error.
    pub error: Value,
    /// All of standard error.
    pub events: String,
}

impl Ran {
    pub fn ok(self) -> Value {
        assert_eq!(self.exit, 0, "{:?}", self.error);
        self.result
    }
}

/// Runs the program.
pub fn run(arguments: &[String]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_zkapex-prover")).args(arguments).output().unwrap();
    let parse = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or(Value::String(text))
    };
    Ran {
        exit: output.status.code().unwrap(),
        result: parse(&output.stdout),
        error: parse(&output.stderr),
        events: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
