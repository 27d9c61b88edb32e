"""Exact integer products: int64 where a bound shows that nothing can wrap, Python integers for sums of squares."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zkapex_jax.errors import InputError

#: Largest magnitude of an int8 cell.
CELL_LIMIT = 2**7

#: No int64 of this module reaches it.
INT64_LIMIT = 2**62

_BLOCK = 4096


def sum_of_squares(vector: np.ndarray) -> int:
    """Σ x² as a Python integer, of any integers."""
    values = vector.tolist()
    return sum(map(int.__mul__, values, values))


def row_products(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """⟨G_k, x⟩ for int8 rows [N, d] and int64 x [d] → int64 [N].

    Raises:
        InputError: 2^7 · Σ|x| reaches 2^62, so that a sum might wrap.
    """
    _refuse_wrap(CELL_LIMIT * absolute_sum(vector), "⟨G_k, δ⟩")
    total = np.zeros(len(rows), np.int64)
    for columns in column_blocks(rows):
        total += rows[:, columns].astype(np.int64) @ vector[columns]
    return total


def residual(rows: np.ndarray, gamma: int, delta: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """ŷ = γ̂δ̂ + Ĝᵀσ̂, int64 [d].

    Raises:
        InputError: γ̂ · max|δ̂| + 2^7 · Σ|σ̂| reaches 2^62, so that a cell might wrap.
    """
    _refuse_wrap(gamma * int(np.abs(delta).max(initial=0)) + CELL_LIMIT * absolute_sum(sigma), "γδ + Gᵀσ")
    result = gamma * delta
    for columns in column_blocks(rows):
        result[columns] += sigma @ rows[:, columns].astype(np.int64)
    return result


def absolute_sum(vector: np.ndarray) -> int:
    """Σ|x| as a Python integer."""
    return sum(map(abs, vector.tolist()))


def round_to_int64(values: np.ndarray, limit: int, field: str) -> np.ndarray:
    """float64 → int64, to nearest, ties to even; nothing is cut off.

    Raises:
        InputError: a value is not finite or reaches `limit` (at most 2^62) in magnitude.
    """
    rounded = np.rint(values)
    bad = ~(np.abs(rounded) < limit)
    if bad.any():
        raise InputError(f"must be finite and below {limit} in magnitude", code="out_of_range",
                         field=f"{field} {int(np.argmax(bad))}", value=float(values[np.argmax(bad)]))  # fmt: skip
    return rounded.astype(np.int64)


def column_blocks(rows: np.ndarray) -> Iterator[slice]:
    """Ranges of columns that keep a widened copy of a block small."""
    for start in range(0, rows.shape[1], _BLOCK):
        yield slice(start, min(start + _BLOCK, rows.shape[1]))


def _refuse_wrap(bound: int, field: str) -> None:
    if bound >= INT64_LIMIT:
        raise InputError("could reach 2^62; the integers of this chunk are too large", code="overflow", field=field,
                         value=bound)  # fmt: skip
