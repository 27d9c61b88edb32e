"""What several artefacts share: the target weights and how they are cut, the model, digests, masks, messages."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Mapping

import numpy as np

from .containers import Container, Fields
from .layout import Frame

MAX_CHUNKS, MAX_WEIGHTS, MAX_TENSORS = 1 << 20, 1 << 40, 1 << 16
MAX_MESSAGE = 1 << 20
CLIENT = r"[A-Za-z0-9._-]{1,64}"
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
PATH = r"[A-Za-z0-9_.-]{1,128}(/[A-Za-z0-9_.-]{1,128}){0,31}"


@dataclass(frozen=True)
class Cut:
    """The W target weights as one vector, cut into chunks. `header`: the object as the file has it."""

    chunks: tuple[int, ...]
    weights: int
    header: Mapping[str, Any]

    def part(self, values: np.ndarray, chunk: int) -> np.ndarray:
        """A chunk's part of a vector over all weights."""
        start = sum(self.chunks[:chunk])
        return values[start : start + self.chunks[chunk]]


def read_cut(fields: Fields, layout: Frame) -> Cut:
    """`layout`: sorted tensors, their sizes' sum, and the preset's own cut: ceil(W / capacity) chunks that differ by at most one,
    larger first."""
    inner = fields.child("layout").only(("pattern", "tensors", "weights", "chunks"))
    inner.text("pattern", high=1024)
    entries = inner.items("tensors")
    if not 1 <= len(entries) <= MAX_TENSORS:
        raise inner.error(f"1 to {MAX_TENSORS} tensors are needed", "tensors", len(entries))
    paths, total = [], 0
    for index, entry in enumerate(entries):
        one = Fields(inner.file, f"layout.tensors[{index}]", entry if isinstance(entry, dict) else {}).only(("path", "shape"))
        paths.append(one.match("path", PATH))
        shape = one.integers("shape", 1, MAX_WEIGHTS)
        if not 1 <= len(shape) <= 8:
            raise one.error("1 to 8 axes are needed", "shape", shape)
        total += prod(shape)
    if paths != sorted(set(paths)):
        raise inner.error("must be sorted by path, each once", "tensors")
    weights, chunks = inner.integer("weights", 1, MAX_WEIGHTS), inner.integers("chunks", 1, layout.capacity)
    if weights != total:
        raise inner.error(f"must be the sum of the tensors' sizes, {total}", "weights", weights)
    count = -(-weights // layout.capacity)
    small, larger = divmod(weights, count)
    if count > MAX_CHUNKS or chunks != (small + 1,) * larger + (small,) * (count - larger):
        raise inner.error(f"{weights} weights are cut evenly into {count} chunks, larger ones first", "chunks", len(chunks))
    return Cut(chunks, weights, inner.values)


def read_model(fields: Fields) -> tuple[Mapping[str, str], bytes]:
    """(name and architecture, base digest)."""
    model = fields.child("model").only(("name", "architecture", "base_digest"))
    fields.match("created", TIME)
    return {name: model.text(name, 1, 200) for name in ("name", "architecture")}, model.digest("base_digest")


def read_made(fields: Fields, layout: Frame) -> tuple[bytes, bytes]:
    """Digests of tables and reference string; the preset must be that of the tables."""
    fields.expect("preset", layout.preset)
    return fields.digest("tables_digest"), fields.digest("srs_digest")


def read_messages(file: Container) -> tuple[int, ...]:
    """`chunks`, rising, and one tensor `proof.NNNNN` for each, of a size that a message can have."""
    chunks = file.fields.integers("chunks", 0, MAX_CHUNKS - 1)
    if not chunks or list(chunks) != sorted(set(chunks)):
        raise file.error("must be rising chunk numbers, and there must be one", "chunks", chunks)
    sizes = {name: array.size for name, array in file.tensors.items()}
    names = [message_name(chunk) for chunk in chunks]
    file.expect_tensors({name: ("U8", (sizes.get(name, 0),)) for name in names})
    for name in names:
        if not 1 <= sizes[name] <= MAX_MESSAGE:
            raise file.error(f"a chunk's message has 1 to {MAX_MESSAGE} bytes", name, sizes[name])
    return chunks


def message_name(chunk: int) -> str:
    return f"proof.{chunk:05}"


def unpack_mask(file: Container, name: str, cut: Cut) -> np.ndarray:
    """bool [W] from little-endian bits; unused bits of the last byte must be 0."""
    bits = np.unpackbits(file.tensors[name], bitorder="little")
    if bits[cut.weights :].any():
        raise file.error("unused bits of the last byte must be 0", name)
    return bits[: cut.weights].astype(bool)
