"""Files of columns that the Rust binary's `relation` commands read: plain safetensors, U8 [rows, 32] or U8 [48]."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.errors import InputError
from zkapex_jax.formats.arrays import save_arrays
from zkapex_jax.formats.atomic import SECRET_MODE

SCALAR_BYTES = 32
POINT_BYTES = 48


def write_columns(path: Path, columns: Mapping[str, Iterable[int]], *, force: bool = False) -> None:
    """Write the values of committed, plain and advice columns: integers in [0, p), never reduced.

    A column may be shorter than the usable rows; the rest is 0. The rows of a plain column that are given enter the proof's
    transcript, so the verifier must be given as many. They hold the witness: mode 0600. Raises InputError that names column and row; StorageError.
    """
    save_arrays(path, {name: _scalars(name, column) for name, column in columns.items()}, force=force, mode=SECRET_MODE)


def write_public(
    path: Path, commitments: Mapping[str, bytes], plain: Mapping[str, Iterable[int]], *, force: bool = False
) -> None:
    """Write what a verifier reads: 48 bytes for each committed column, integers in [0, p) for each plain one.

    The points are checked by their reader, not here. Raises InputError that names the column; StorageError.
    """
    if both := commitments.keys() & plain.keys():
        raise InputError("is committed and plain at once", field=min(both))
    arrays = {name: _point(name, point) for name, point in commitments.items()}
    save_arrays(path, arrays | {name: _scalars(name, column) for name, column in plain.items()}, force=force)


def _scalars(name: str, column: Iterable[int]) -> np.ndarray:
    rows = [_scalar(f"{name}[{row}]", operator.index(value)) for row, value in enumerate(column)]
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), SCALAR_BYTES)


def _scalar(field: str, value: int) -> bytes:
    if not 0 <= value < FIELD_MODULUS:
        raise InputError("must be a field element, 0 <= x < p", field=field, value=value)
    return value.to_bytes(SCALAR_BYTES, "little")


def _point(name: str, point: bytes) -> np.ndarray:
    if len(point) != POINT_BYTES:
        raise InputError(f"must have {POINT_BYTES} bytes", field=name, value=len(point))
    return np.frombuffer(point, np.uint8)
