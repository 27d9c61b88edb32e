//! The safetensors framing: an 8-byte length, a JSON table of tensors, then their bytes without gaps.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata};

use super::unique::Unique;
use super::{bad_input, io_error};
use crate::error::Result;

/// A header of more than this many bytes is refused before it is read.
pub const MAX_HEADER: u64 = 64 << 20;

/// Where one tensor lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    /// Bytes from the start of the file.
    pub start: u64,
    pub length: u64,
}

/// Tensors by name and the free-form metadata of an open file.
pub struct Table {
    pub tensors: BTreeMap<String, Span>,
    pub metadata: BTreeMap<String, String>,
}

/// Reads and checks the framing: every byte after the header belongs to exactly one tensor.
pub fn read_table(file: &mut File, path: &Path) -> Result<Table> {
    let bad = |message: &str| bad_input(path, "safetensors header", "", message);
    let size = file.metadata().map_err(|e| io_error(path, e))?.len();
    let mut word = [0u8; 8];
    file.seek(SeekFrom::Start(0)).map_err(|e| io_error(path, e))?;
    file.read_exact(&mut word).map_err(|_| bad("the file is shorter than a safetensors header"))?;
    let length = u64::from_le_bytes(word);
    if length > MAX_HEADER || length + 8 > size {
        return Err(bad("the header length does not fit the file: it is truncated or not safetensors"));
    }
    let mut json = vec![0u8; length as usize];
    file.read_exact(&mut json).map_err(|e| io_error(path, e))?;
    let not_a_header = |e: serde_json::Error| bad(&format!("not a safetensors header: {e}"));
    let _: Unique = serde_json::from_slice(&json).map_err(not_a_header)?;
    let metadata: Metadata = serde_json::from_slice(&json).map_err(not_a_header)?;
    let start = 8 + length;
    let mut tensors = BTreeMap::new();
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for (name, info) in metadata.tensors() {
        let (from, to) = info.data_offsets;
        let expected = byte_length(info.dtype, &info.shape).ok_or_else(|| bad("a tensor's shape overflows"))?;
        if to < from || to - from != expected {
            return Err(bad_input(
                path,
                name,
                format!("{:?}", info.shape),
                "the shape does not match the tensor's bytes",
            ));
        }
        spans.push((from, to));
        let span =
            Span { dtype: info.dtype, shape: info.shape.clone(), start: start + from as u64, length: expected as u64 };
        tensors.insert(name, span);
    }
    spans.sort_unstable();
    let end = spans.iter().try_fold(0usize, |at, &(from, to)| if from == at { Some(to) } else { None });
    if end.map(|end| start + end as u64) != Some(size) {
        return Err(bad("tensors overlap, leave gaps, or do not end with the file: it is truncated or altered"));
    }
    let metadata = metadata.metadata().iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
    Ok(Table { tensors, metadata })
}

fn byte_length(dtype: Dtype, shape: &[usize]) -> Option<usize> {
    let size = match dtype {
        Dtype::U8 | Dtype::I8 | Dtype::BOOL => 1,
        Dtype::I32 => 4,
        Dtype::I64 => 8,
        _ => return None,
    };
    shape.iter().try_fold(size, |a: usize, b| a.checked_mul(*b))
}
