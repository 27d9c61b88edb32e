//! One change of one input, by the shape of its format.

use serde_json::{json, Value};

use super::dice::{Bytes, Dice};
use super::parts::{Parts, Tensor};
use super::{json, slots};

/// What the bytes of a format are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Canonical JSON.
    Json,
    /// Safetensors, with or without a header of ours.
    Container,
    /// Points and scalars, one after another.
    Slots,
}

/// Alters `data`, which stays within `max` bytes. Often enough the bytes are altered as they stand, digests and all.
pub fn mutate(shape: Shape, dice: &mut Dice, data: &mut Vec<u8>, max: usize, bytes: &mut Bytes) {
    let raw = dice.once_in(6);
    let done = match shape {
        _ if raw => None,
        Shape::Json => document(dice, data, bytes),
        Shape::Container => container(dice, data, max, bytes),
        Shape::Slots => {
            slots::mutate(dice, data, max, bytes);
            return;
        }
    };
    match done {
        Some(changed) if changed.len() <= max => *data = changed,
        _ => bytes(data, max),
    }
}

fn document(dice: &mut Dice, data: &[u8], bytes: &mut Bytes) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(data).ok()?;
    for _ in 0..1 + dice.below(3) {
        json::mutate(dice, &mut value, bytes);
    }
    serde_json::to_vec(&value).ok()
}

fn container(dice: &mut Dice, data: &[u8], max: usize, bytes: &mut Bytes) -> Option<Vec<u8>> {
    let mut parts = Parts::open(data)?;
    for _ in 0..1 + dice.below(3) {
        match dice.below(8) {
            0..=3 if !parts.header.is_null() => json::mutate(dice, &mut parts.header, bytes),
            4 => framing(dice, &mut parts, bytes),
            _ => tensors(dice, &mut parts, max, bytes),
        }
    }
    if !dice.once_in(8) {
        parts.seal();
    }
    Some(parts.close())
}

/// Changes of what the framing says.
fn framing(dice: &mut Dice, parts: &mut Parts, bytes: &mut Bytes) {
    let at = dice.below(parts.tensors.len());
    let Some(tensor) = parts.tensors.get_mut(at) else { return };
    match dice.below(5) {
        0 => tensor.dtype = json!(*dice.pick(&["U8", "I8", "I32", "I64", "F32", "BOOL", "u8", ""]).unwrap_or(&"")),
        1 => json::mutate(dice, &mut tensor.shape, bytes),
        2 => {
            let sizes = [0u64, 1, 48, 1 << 32, 1 << 40, u64::MAX];
            let size = json!(sizes[dice.below(sizes.len())]);
            if let Value::Array(shape) = &mut tensor.shape {
                shape.insert(dice.below(shape.len()), size);
            }
        }
        3 => {
            let mut name = std::mem::take(&mut tensor.name).into_bytes();
            bytes(&mut name, 64);
            tensor.name = String::from_utf8_lossy(&name).into_owned();
        }
        _ => {
            let name = *dice.pick(&["signature", "zkapex", "a"]).unwrap_or(&"a");
            parts.metadata.insert(name.to_owned(), json!("00".repeat(dice.below(66))));
        }
    }
}

/// Changes of what tensors there are, and of their bytes.
fn tensors(dice: &mut Dice, parts: &mut Parts, max: usize, bytes: &mut Bytes) {
    let count = parts.tensors.len();
    let (at, to) = (dice.below(count), dice.below(count));
    if count == 0 {
        return;
    }
    match dice.below(8) {
        0 => drop(parts.tensors.remove(at)),
        1 => {
            let name = format!(
                "{}.{:05}",
                parts.tensors[at].name.trim_end_matches(|c: char| c == '.' || c.is_ascii_digit()),
                dice.below(3)
            );
            let copy = Tensor { name, ..parts.tensors[at].clone() };
            parts.tensors.retain(|t| t.name != copy.name);
            parts.tensors.push(copy);
        }
        2 => {
            parts.tensors[to].bytes = parts.tensors[at].bytes.clone();
        }
        _ => content(dice, &mut parts.tensors[at], max, bytes),
    }
}

/// Other bytes in a tensor, of the same number unless its first axis grows or shrinks with them.
fn content(dice: &mut Dice, tensor: &mut Tensor, max: usize, bytes: &mut Bytes) {
    let length = tensor.bytes.len();
    if dice.once_in(3) {
        slots::mutate(dice, &mut tensor.bytes, max, bytes);
    } else {
        bytes(&mut tensor.bytes, max);
    }
    let Some(rows) = tensor.shape[0].as_u64().filter(|rows| *rows > 0) else { return };
    let row = length / rows as usize;
    if dice.once_in(2) || row == 0 {
        tensor.bytes.resize(length, 0);
    } else {
        tensor.bytes.truncate(tensor.bytes.len() / row * row);
        tensor.shape[0] = json!(tensor.bytes.len() / row);
    }
}
