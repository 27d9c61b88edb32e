//! The target weights and how they are cut into chunks: the same in every artefact of one model.

use serde_json::{Map, Value};

use crate::artefact::fields::Fields;
use crate::artefact::{bad_input, Container};
use crate::chunk::ChunkLayout;
use crate::error::Result;

const MAX_CHUNKS: usize = 1 << 20;
const MAX_TENSORS: usize = 1 << 16;
const MAX_WEIGHTS: u128 = 1 << 40;

/// Weights as one vector, and the sizes of its chunks. Equal where the files say the same of tensors and chunks.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub chunks: Vec<usize>,
    pub weights: usize,
    header: Map<String, Value>,
}

impl Frame {
    /// The layout of an artefact that also names its preset.
    pub(super) fn read(container: &Container, layout: &ChunkLayout) -> Result<Self> {
        container.header().expect_str("preset", &layout.preset)?;
        Self::read_layout(container, layout)
    }

    /// Tensors sorted by path, their sizes' sum, and the preset's own cut: ⌈W / capacity⌉ chunks that differ by at most
    /// one, larger ones first.
    pub(super) fn read_layout(container: &Container, layout: &ChunkLayout) -> Result<Self> {
        let fields = container.header().child("layout")?;
        fields.expect_exactly(&["chunks", "pattern", "tensors", "weights"])?;
        fields.printable("pattern", 0, 1024)?;
        let weights = fields.integer("weights", 1, MAX_WEIGHTS)?;
        if weights != tensors(container, &fields)? {
            return Err(fields.error("weights", weights, "must be the sum of the tensors' sizes"));
        }
        let (weights, chunks) = (weights as usize, fields.counts("chunks")?);
        let count = weights.div_ceil(layout.capacity());
        let size = |chunk: usize| weights / count + usize::from(chunk < weights % count);
        if count > MAX_CHUNKS || chunks.iter().copied().ne((0..count).map(size)) {
            let message = format!("the weights are cut evenly into {count} chunks, larger ones first");
            return Err(fields.error("chunks", format!("{} chunks", chunks.len()), message));
        }
        Ok(Frame { chunks, weights, header: container.header().object("layout")? })
    }

    /// First weight of a chunk.
    pub fn start(&self, chunk: usize) -> usize {
        self.chunks[..chunk].iter().sum()
    }

    /// Bytes of a mask over all weights.
    pub fn mask_bytes(&self) -> usize {
        self.weights.div_ceil(8)
    }

    /// Unused bits of a mask's last byte must be 0.
    pub(super) fn expect_unused_bits(&self, file: &Container, mask: &str) -> Result<()> {
        let last = file.read(mask, self.mask_bytes() as u64 - 1, 1)?;
        let used = self.weights - 8 * (self.mask_bytes() - 1);
        if u32::from(last[0]) >> used != 0 {
            return Err(bad_input(file.path(), mask, last[0], "unused bits of the last byte must be 0"));
        }
        Ok(())
    }
}

/// The number of weights in the listed tensors.
fn tensors(container: &Container, fields: &Fields) -> Result<u128> {
    let entries = fields.list("tensors")?;
    if entries.is_empty() || entries.len() > MAX_TENSORS {
        return Err(fields.error("tensors", entries.len(), format!("1 to {MAX_TENSORS} tensors are needed")));
    }
    let (mut total, mut before) = (0u128, String::new());
    for (index, entry) in entries.iter().enumerate() {
        let one = container.header().nested(&format!("layout.tensors[{index}]"), entry)?;
        one.expect_exactly(&["path", "shape"])?;
        let path = one.text("path")?.to_owned();
        if !is_path(&path) || path <= before {
            return Err(one.error("path", &path, "tensors are paths of plain names, sorted, each once"));
        }
        let shape = one.integers("shape", 1, MAX_WEIGHTS)?;
        let size = shape.iter().try_fold(1u128, |size, axis| Some(size * axis).filter(|size| *size <= MAX_WEIGHTS));
        let size = size.filter(|_| (1..=8).contains(&shape.len()));
        total += size.ok_or_else(|| one.error("shape", format!("{shape:?}"), "1 to 8 axes, at most 2^40 weights"))?;
        before = path;
    }
    Ok(total)
}

/// Names of letters, digits, `_`, `.`, `-` with slashes between.
fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let name = |part: &str| (1..=128).contains(&part.len()) && part.chars().all(plain);
    text.split('/').count() <= 32 && text.split('/').all(name)
}
