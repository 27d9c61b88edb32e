"""Weights as integers: θ̂ = round(θ · 2^16), to nearest, ties to even."""

from __future__ import annotations

import numpy as np

from zkapex_jax.errors import InputError

#: f, the fractional bits of a weight.
FIXED_POINT_BITS = 16

_BLOCK = 2**20

#: |θ̂| < 2^28, so that |δ̂| < 2^29 fits every preset's window.
WEIGHT_BITS = 28


def to_fixed(vector: np.ndarray, bits: int = FIXED_POINT_BITS) -> np.ndarray:
    """int32 [W] nearest to vector · 2^bits, ties to even. The product is exact in float64: only its exponent moves.

    Raises:
        InputError: not a float vector, a NaN or an infinity, or a result that reaches 2^28 in magnitude.
    """
    if vector.ndim != 1 or vector.dtype.kind != "f":
        raise InputError("must be a vector of floats", code="shape", field="weights", value=(vector.dtype, vector.shape))
    fixed = np.empty(len(vector), np.int32)
    for start in range(0, len(vector), _BLOCK):  # a block at a time: no float64 copy of the whole
        fixed[start : start + _BLOCK] = _rounded(vector[start : start + _BLOCK], bits, start)
    return fixed


def _rounded(vector: np.ndarray, bits: int, start: int) -> np.ndarray:
    _refuse(~np.isfinite(vector), vector, "holds a NaN or an infinity", "not_finite", start)
    rounded = np.rint(np.ldexp(vector.astype(np.float64), bits))
    limit = 2 ** (WEIGHT_BITS - bits)
    _refuse(np.abs(rounded) >= 2**WEIGHT_BITS, vector, f"must be below {limit} in magnitude", "out_of_range", start)
    return rounded.astype(np.int32)


def from_fixed(vector: np.ndarray, bits: int = FIXED_POINT_BITS) -> np.ndarray:
    """float64 [W], exact: the inverse of `to_fixed` on its results.

    Raises:
        InputError: not an integer vector, or a value that reaches 2^28 in magnitude.
    """
    if vector.ndim != 1 or vector.dtype.kind != "i":
        raise InputError("must be a vector of integers", code="shape", field="weights", value=(vector.dtype, vector.shape))
    _refuse(np.abs(vector.astype(np.int64)) >= 2**WEIGHT_BITS, vector, "must be below 2^28 in magnitude", "out_of_range")
    return np.ldexp(vector.astype(np.float64), -bits)


def _refuse(bad: np.ndarray, vector: np.ndarray, message: str, code: str, start: int = 0) -> None:
    if bad.any():
        index = int(np.argmax(bad))
        raise InputError(message, code=code, field=f"weight {start + index}", value=vector[index].item())
