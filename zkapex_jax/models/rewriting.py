"""Weights written back in the files, names, axes and types that they came in: target tensors anew, every other byte as it was.

A tensor that the architecture does not read, but that holds the old values of a target (PyTorch repeats tied embeddings),
gets the new ones too: otherwise what was to be forgotten would stay in the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zkapex_jax.errors import InputError


@dataclass(frozen=True)
class Rewritten:
    """Files written, in order; types that targets are stored in; whether each stored value is exactly the one given."""

    paths: tuple[Path, ...]
    types: tuple[str, ...]
    exact: bool


@dataclass(frozen=True)
class Stored:
    """A tensor as it lies in a file: its name there, type, shape and bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: bytes

    @property
    def identity(self) -> tuple[str, tuple[int, ...], bytes] | None:
        """What a copy of it shares; None for zeros, of which all are alike."""
        return (self.dtype, self.shape, hashlib.sha256(self.data).digest()) if self.data.strip(b"\0") else None


def convert(values: np.ndarray, dtype: np.dtype, *, file: Path, field: str) -> tuple[np.ndarray, bool]:
    """Values in a file's type, and whether none was rounded.

    Raises:
        InputError: one does not fit the type.
    """
    with np.errstate(over="ignore"):
        stored = np.ascontiguousarray(values).astype(dtype)
    wide = stored.astype(np.float64)
    if not np.isfinite(wide).all():
        raise InputError(f"holds a weight that {dtype} cannot hold", code="out_of_range", file=file, field=field)
    return stored, bool(np.array_equal(wide, values))


def refuse_unwritten(wanted: Mapping[str, object], written: set[str], file: Path) -> None:
    """Every target must have found its place. Raises InputError otherwise."""
    for path in sorted(wanted.keys() - written):
        raise InputError("the checkpoint lacks this tensor", code="missing_tensor", file=file, field=path)
