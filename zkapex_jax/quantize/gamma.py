"""Damping on a coarse public grid: the grid hides all of the gradients' size but its nearest step."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from zkapex_jax.bounds import GAMMA_MAX
from zkapex_jax.errors import InputError

#: γ̂ near tr(ĜᵀĜ) / (32 n).
DAMPING_DIVISOR = 32


def is_on_grid(gamma: object) -> bool:
    """Whether γ̂ is 2^j or 3·2^(j−1) with j ≥ 0 an integer, and at most 2^39: 1, 2, 3, 4, 6, 8, 12, …"""
    if type(gamma) is not int or not 1 <= gamma <= GAMMA_MAX:
        return False
    odd = gamma >> ((gamma & -gamma).bit_length() - 1)
    return odd in (1, 3)


def gamma_grid(value: float | int | Fraction) -> int:
    """The grid point nearest to `value` (ties to the larger, which damps more); at least 1.

    Raises:
        InputError: `value` is negative, not finite, or nearest to nothing up to 2^39.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not math.isfinite(value) or value < 0:
        raise InputError("must be a finite number, not negative", code="gamma", field="gamma", value=value)
    exact = Fraction(value)
    power = 2 ** max(0, math.floor(exact).bit_length() - 1)
    steps = [step for step in (power, 3 * power // 2, 2 * power) if is_on_grid(step)]
    if exact > GAMMA_MAX:
        raise InputError("exceeds 2^39", code="gamma", field="gamma", value=value)
    return min(steps, key=lambda step: (abs(step - exact), -step))


def gamma_of_rows(rows: np.ndarray) -> int:
    """γ̂ on the grid nearest to tr(ĜᵀĜ) / (32 n) of int8 rows [n, d]; the trace is exact."""
    return gamma_grid(Fraction(trace(rows), DAMPING_DIVISOR * len(rows)))


def trace(rows: np.ndarray) -> int:
    """tr(ĜᵀĜ) = Σ ĝ², exact: each row's int64 sum is below d · 2^14."""
    return sum(int(np.square(row.astype(np.int64)).sum()) for row in rows)
