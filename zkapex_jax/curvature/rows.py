"""Gradient rows: norms, clipping to the median norm, damping. Rows are [n, d] and may lie in a file on disk."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.scratch import release

#: γ = tr(GᵀG) / (32 n): accuracy is flat over four decades around it.
DAMPING_DIVISOR = 32

_COLUMNS = 2**16


def row_norms(rows: np.ndarray) -> np.ndarray:
    """Euclidean norm [n] of each row, summed in float64.

    Raises:
        InputError: `rows` is not a matrix, is empty, or holds a NaN or an infinity.
    """
    if rows.ndim != 2 or rows.size == 0:
        raise InputError("must be a matrix [n, d] with n, d ≥ 1", code="shape", field="rows", value=rows.shape)
    squares = np.zeros(len(rows))
    for columns in column_blocks(rows):
        block = rows[:, columns].astype(np.float64)
        squares += np.einsum("ij,ij->i", block, block)
        release(rows)
    if not np.isfinite(squares).all():
        raise InputError("holds a NaN or an infinity", code="not_finite", field="rows",
                         value=f"row {int(np.argmin(np.isfinite(squares)))}")  # fmt: skip
    return np.sqrt(squares)


def clip_factors(norms: np.ndarray) -> np.ndarray:
    """Factor [n] in (0, 1] that brings each norm down to the median of the norms that are not zero.

    Zero rows say nothing of the typical size, so they do not enter the median.

    Raises:
        InputError: all norms are zero.
    """
    if not norms.any():
        raise InputError("all gradient rows are zero: the loss does not depend on the target weights",
                         code="zero_gradients", field="rows", hint="choose other target tensors")  # fmt: skip
    median = np.median(norms[norms > 0])
    return np.minimum(1.0, median / np.where(norms > 0, norms, median))


def clip_rows(rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Rows scaled down so that no norm exceeds the median norm; `out` may be `rows` itself.

    Raises:
        InputError: as `row_norms` and `clip_factors`.

    >>> clip_rows(np.array([[3.0, 4.0], [0.0, 1.0], [0.0, 0.0], [2.0, 0.0]])).round(1).tolist()
    [[1.2, 1.6], [0.0, 1.0], [0.0, 0.0], [2.0, 0.0]]
    """
    factors = clip_factors(row_norms(rows)).astype(rows.dtype)[:, None]
    clipped = np.empty_like(rows) if out is None else out
    for columns in column_blocks(rows):
        np.multiply(rows[:, columns], factors, out=clipped[:, columns])
        for array in (rows, clipped):
            release(array)
    return clipped


def damping(rows: np.ndarray) -> float:
    """γ = tr(GᵀG) / (32 n), the damping of C = γI + GᵀG.

    Raises:
        InputError: as `row_norms`, or all rows are zero.
    """
    norms = row_norms(rows)
    clip_factors(norms)
    return float(norms @ norms) / (DAMPING_DIVISOR * len(rows))


def column_blocks(rows: np.ndarray, columns: int = _COLUMNS) -> Iterator[slice]:
    """Columns of a matrix, as many at a time as memory should hold of it."""
    for start in range(0, rows.shape[1], columns):
        yield slice(start, min(start + columns, rows.shape[1]))
