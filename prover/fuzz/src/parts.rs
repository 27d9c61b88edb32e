//! A safetensors container taken apart and put together again, with digests and signature that fit what it holds now.

use ed25519_dalek::{Signer, SigningKey};
use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};

/// The key of the corpus; its public half stands in the seeds as `signer`.
const KEY: [u8; 32] = [7; 32];
const CONTEXT: &[u8] = b"zkapex.signature/1\0";
const WEIGHTS_CONTEXT: &[u8] = b"zkapex.base/1\0";

/// One tensor as the framing states it.
#[derive(Clone)]
pub struct Tensor {
    pub name: String,
    pub dtype: Value,
    pub shape: Value,
    pub bytes: Vec<u8>,
}

/// The parts of a file.
pub struct Parts {
    /// The header of ours; `Null` in plain files.
    pub header: Value,
    /// Other metadata.
    pub metadata: Map<String, Value>,
    pub tensors: Vec<Tensor>,
}

impl Parts {
    /// Takes a file apart; `None` where it is none.
    pub fn open(bytes: &[u8]) -> Option<Self> {
        let length = usize::try_from(u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?)).ok()?;
        let data = bytes.get(length.checked_add(8)?..)?;
        let Value::Object(mut table) = serde_json::from_slice(&bytes[8..8 + length]).ok()? else { return None };
        let mut metadata = match table.remove("__metadata__") {
            Some(Value::Object(metadata)) => metadata,
            _ => Map::new(),
        };
        let header = match metadata.remove("zkapex") {
            Some(Value::String(text)) => serde_json::from_str(&text).ok()?,
            _ => Value::Null,
        };
        let mut tensors = Vec::new();
        for (name, entry) in table {
            let at = |i: usize| usize::try_from(entry["data_offsets"][i].as_u64()?).ok();
            let bytes = data.get(at(0)?..at(1)?)?.to_vec();
            tensors.push(Tensor { name, dtype: entry["dtype"].clone(), shape: entry["shape"].clone(), bytes });
        }
        Some(Parts { header, metadata, tensors })
    }

    /// Makes header and signature true of the tensors.
    pub fn seal(&mut self) {
        if self.header.is_null() {
            return;
        }
        let weights = self.tensors.iter().find(|t| t.name == "theta0");
        if let (Some(weights), Some(Value::Object(model))) = (weights, self.header.get_mut("model")) {
            let digest = Sha256::new_with_prefix(WEIGHTS_CONTEXT).chain_update(&weights.bytes).finalize();
            model.insert("base_digest".into(), json!(hex::encode(digest)));
        }
        let entries = self.tensors.iter().map(|t| (t.name.clone(), t.entry())).collect();
        if let Value::Object(header) = &mut self.header {
            header.insert("tensors".into(), Value::Object(entries));
        }
        if self.metadata.contains_key("signature") {
            let message = [CONTEXT, self.header.to_string().as_bytes()].concat();
            let signature = SigningKey::from_bytes(&KEY).sign(&message).to_bytes();
            self.metadata.insert("signature".into(), json!(hex::encode(signature)));
        }
    }

    /// The file as it would be written.
    pub fn close(&self) -> Vec<u8> {
        let (mut table, mut data) = (Map::new(), Vec::new());
        for tensor in &self.tensors {
            let start = data.len();
            data.extend_from_slice(&tensor.bytes);
            let entry = json!({"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [start, data.len()]});
            table.insert(tensor.name.clone(), entry);
        }
        let mut metadata = self.metadata.clone();
        if !self.header.is_null() {
            metadata.insert("zkapex".into(), Value::String(self.header.to_string()));
        }
        if !metadata.is_empty() {
            table.insert("__metadata__".into(), Value::Object(metadata));
        }
        let head = Value::Object(table).to_string().into_bytes();
        [&(head.len() as u64).to_le_bytes()[..], &head, &data].concat()
    }
}

impl Tensor {
    /// What the header says of the tensor.
    fn entry(&self) -> Value {
        let sizes = self.shape.as_array().into_iter().flatten().map(|size| Value::String(size.to_string())).collect();
        json!({"dtype": self.dtype, "sha256": hex::encode(Sha256::digest(&self.bytes)), "shape": Value::Array(sizes)})
    }
}
