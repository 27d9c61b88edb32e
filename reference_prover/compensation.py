"""Group-OBS on one chunk of integers, solved exactly: the slow twin behind vectors and tests.

minimise 1/2 delta' C delta, C = gamma I + G'G, subject to delta = -theta on masked weights. With sigma = G delta the free
part is delta_F = -G_F' sigma / gamma, so (gamma I + G_F G_F') sigma = -gamma G_M theta_M: an N x N system over the integers.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from .errors import WitnessError
from .exact import combine
from .witness import Witness

Matrix = list[list[int]]


def compensate(theta_p: Sequence[int], free: Sequence[int], gradients: np.ndarray, gamma: int) -> Witness:
    """The optimum under the mask, every number rounded to nearest; gradients int8 [N, d]."""
    masked = [0 if f else theta for theta, f in zip(theta_p, free, strict=True)]
    solution, scale = solve(_system(gradients, free, gamma), [-gamma * g for g in combine(gradients.T, masked)])
    pull = combine(gradients, solution)  # scale * G' sigma
    theta_u = [(theta + round_half_up(-g, gamma * scale)) * f for theta, f, g in zip(theta_p, free, pull, strict=True)]
    sigma = [round_half_up(value, scale) for value in solution]
    return Witness(tuple(theta_p), tuple(theta_u), tuple(free), gradients, tuple(sigma))


def round_half_up(numerator: int, denominator: int) -> int:
    """The integer nearest to a fraction; denominator > 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def solve(matrix: Matrix, right: Sequence[int]) -> tuple[list[int], int]:
    """(x, s) with matrix (x / s) = right and s > 0, by fraction-free elimination (Bareiss: every division is exact)."""
    rows, previous = [list(row) + [value] for row, value in zip(matrix, right, strict=True)], 1
    size = len(rows)
    for pivot in range(size):
        swap = next((i for i in range(pivot, size) if rows[i][pivot]), None)
        if swap is None:
            raise WitnessError("the system is singular", field="matrix", value=pivot)
        rows[pivot], rows[swap] = rows[swap], rows[pivot]
        top, head = rows[pivot], rows[pivot][pivot]
        for i in range(size):
            if i != pivot:
                factor = rows[i][pivot]
                rows[i] = [(head * a - factor * b) // previous for a, b in zip(rows[i], top)]
        previous = head
    sign = 1 if previous > 0 else -1
    return [sign * row[size] for row in rows], sign * previous


def _system(gradients: np.ndarray, free: Sequence[int], gamma: int) -> Matrix:
    """gamma I + G_F G_F'."""
    wide = gradients.astype(np.int64) * np.array(free, dtype=np.int64)
    products = (wide @ wide.T).tolist()
    return [[value + gamma * (i == j) for j, value in enumerate(row)] for i, row in enumerate(products)]
