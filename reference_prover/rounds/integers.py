"""The integers of a chunk: residuals, squared sums, folds and bits. Each function is one formula."""

from __future__ import annotations

from typing import Iterable, Sequence

import numpy as np

from ..exact import combine
from ..field import MODULUS, powers


def residual_y(gamma: int, delta: Sequence[int], gradients: np.ndarray, sigma: Sequence[int]) -> list[int]:
    """y_i = gamma delta_i + sum_k sigma_k G_ki; vanishes on free weights at the optimum."""
    return [gamma * d + g for d, g in zip(delta, combine(gradients, sigma), strict=True)]


def residual_e(sigma: Sequence[int], gradients: np.ndarray, delta: Sequence[int]) -> list[int]:
    """e_k = sigma_k - <G_k, delta>; small where sigma is the rounding that it should be."""
    return [s - g for s, g in zip(sigma, combine(gradients.T, delta), strict=True)]


def squares(values: Iterable[int]) -> int:
    """The sum of squares."""
    return sum(value * value for value in values)


def on_free(free: Sequence[int], values: Sequence[int]) -> list[int]:
    """The values on free weights."""
    return [value for f, value in zip(free, values, strict=True) if f]


def row_products(c: Sequence[int], gradients: np.ndarray) -> list[int]:
    """q_k = <c, G_k> mod p."""
    return [value % MODULUS for value in combine(gradients.T, c)]


def fold_rows(first: int, rho: int, gradients: np.ndarray) -> list[int]:
    """first * sum_k rho^k G_k mod p, one entry a weight."""
    return [value % MODULUS for value in combine(gradients, powers(rho, gradients.shape[0], first))]


def bits_of(value: int, width: int) -> list[int]:
    """The low `width` bits, least significant first. A value outside [0, 2^width) loses its top: see `windowed`."""
    return [value >> i & 1 for i in range(width)]


def windowed(value: int, width: int, offset: int = 0) -> int:
    """What `width` bits of value + offset say about the value: itself if it fits, something else if not."""
    return (value + offset) % (1 << width) - offset
