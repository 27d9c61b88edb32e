"""Shape and type of one tensor in an artefact, and the safetensors layout of several."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError

DTYPES: Mapping[str, np.dtype] = {
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_DIMENSIONS = 4
MAX_EXTENT = 1 << 40


@dataclass(frozen=True)
class TensorSpec:
    """dtype (a safetensors name: U8, I8, I32, I64) and shape. Raises InputError outside the bounds of the format."""

    dtype: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise InputError(f"dtype must be one of {', '.join(DTYPES)}", field="dtype", value=self.dtype)
        if not 1 <= len(self.shape) <= MAX_DIMENSIONS:
            raise InputError(f"a tensor has 1 to {MAX_DIMENSIONS} dimensions", field="shape", value=self.shape)
        if any(size < 0 for size in self.shape) or self.nbytes > MAX_EXTENT:
            raise InputError("tensor size is out of range", field="shape", value=self.shape)

    @property
    def nbytes(self) -> int:
        return prod(self.shape) * DTYPES[self.dtype].itemsize

    @property
    def numpy_dtype(self) -> np.dtype:
        return DTYPES[self.dtype]

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}"


@dataclass(frozen=True)
class LazyTensor:
    """A tensor that is produced piece by piece in C order while it is written, so that it never is in memory whole."""

    spec: TensorSpec
    pieces: Callable[[], Iterable[np.ndarray]]


def spec_of(array: np.ndarray) -> TensorSpec:
    """The spec of a NumPy array. Raises InputError for a dtype that artefacts do not hold."""
    name = _NAMES.get(array.dtype.newbyteorder("<"))
    if name is None:
        raise InputError(f"artefacts hold no {array.dtype} tensors", code="bad_tensor")
    return TensorSpec(name, array.shape)


def data_order(specs: Mapping[str, TensorSpec]) -> list[str]:
    """Names by falling item size, then by name: every tensor is aligned to its item size."""
    return sorted(specs, key=lambda name: (-specs[name].numpy_dtype.itemsize, name))


def file_header(metadata: Mapping[str, str], specs: Mapping[str, TensorSpec]) -> bytes:
    """Length prefix and JSON header of a safetensors file, padded so that the data starts at a multiple of 8."""
    entries: dict[str, Any] = {"__metadata__": dict(metadata)}
    start = 0
    for name in data_order(specs):
        end = start + specs[name].nbytes
        entries[name] = {"dtype": specs[name].dtype, "shape": list(specs[name].shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text
