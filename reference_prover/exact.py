"""Exact products of a small-integer matrix with large integers.

`combine` is `combine_plain` done by floating-point matrix products that cannot round. Each scalar is cut into limbs of w
bits (the top limb keeps the sign); with K terms and entries of magnitude <= m, every partial sum of a limb product is an
integer of magnitude <= K m 2^w. w is chosen so that this is < 2^53, hence every addition is exact in float64 whatever
order the library sums in.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np

from .errors import WitnessError

FLOAT_BITS = 53
BLOCK = 1 << 14  # rows and columns taken at once, to bound memory


def combine_plain(matrix: Sequence[Sequence[int]], scalars: Sequence[int]) -> list[int]:
    """sum_k scalars[k] * matrix[k][m] for every m; the definition."""
    totals = [0] * len(matrix[0])
    for scalar, row in zip(scalars, matrix, strict=True):
        for m, entry in enumerate(row):
            totals[m] += scalar * int(entry)
    return totals


def combine(matrix: np.ndarray, scalars: Sequence[int]) -> list[int]:
    """sum_k scalars[k] * matrix[k, m] for every m, over the integers; matrix [K, M] of any integer type, or of Python integers
    of any size (dtype object), which take the plain way.

    Raises WitnessError if the shapes disagree or if the matrix entries are not small (|entry| < 2^31).
    """
    if matrix.ndim != 2 or matrix.shape[0] != len(scalars):
        raise WitnessError("matrix and scalars disagree in length", field="combine", value=(matrix.shape, len(scalars)))
    if matrix.dtype == object:
        return combine_plain(matrix.tolist(), scalars) if matrix.shape[0] else [0] * matrix.shape[1]
    if matrix.dtype.kind not in "iu":
        raise WitnessError("an integer matrix is needed", field="combine", value=str(matrix.dtype))
    totals = [0] * matrix.shape[1]
    if not matrix.size:
        return totals
    width = _limb_bits(matrix)
    for top in range(0, matrix.shape[0], BLOCK):
        limbs = _split(scalars[top : top + BLOCK], width)
        for left in range(0, matrix.shape[1], BLOCK):
            block = matrix[top : top + BLOCK, left : left + BLOCK].astype(np.float64)
            product = (block.T @ limbs).astype(np.int64).tolist()
            for m, row in enumerate(product, start=left):
                totals[m] += _join(row, width)
    return totals


def products_plain(left: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> list[list[int]]:
    """<left_j, right_k> for every j and k; the definition."""
    return [[sum(int(a) * int(b) for a, b in zip(row, other, strict=True)) for other in right] for row in left]


def products(left: np.ndarray, right: np.ndarray) -> list[list[int]]:
    """`products_plain` of a small-integer matrix [J, M] and rows [K, M] of any integers: [J][K].

    One floating-point product where M max|left| max|right| < 2^53, so that no partial sum can round; else row by row."""
    if left.shape[1] != right.shape[1]:
        raise WitnessError("the rows differ in length", field="products", value=(left.shape, right.shape))
    if not left.size or not right.size:
        return [[0] * right.shape[0] for _ in range(left.shape[0])]
    largest = [max(abs(int(matrix.max())), abs(int(matrix.min())), 1) for matrix in (left, right)]
    if left.shape[1] * largest[0] * largest[1] >= 1 << FLOAT_BITS:
        by_row = [combine(left.T, row) for row in right.tolist()]
        return [list(column) for column in zip(*by_row)]
    total = np.zeros((left.shape[0], right.shape[0]))
    for start in range(0, left.shape[1], BLOCK):
        cut = slice(start, start + BLOCK)
        total += left[:, cut].astype(np.float64) @ right[:, cut].astype(np.float64).T
    return total.astype(np.int64).tolist()


def _limb_bits(matrix: np.ndarray) -> int:
    largest = max(abs(int(matrix.max())), abs(int(matrix.min())), 1)
    if largest >= 1 << 31:
        raise WitnessError("matrix entries must stay below 2^31", field="combine", value=largest)
    terms = min(matrix.shape[0], BLOCK)
    return FLOAT_BITS - (terms * largest).bit_length()


def _split(scalars: Sequence[int], width: int) -> np.ndarray:
    """Limbs [len(scalars), L], little end first: x = sum_l limb_l 2^(w l), the top limb signed."""
    bits = max((abs(int(x)).bit_length() for x in scalars), default=0)
    count = max(1, -(-bits // width))
    mask = (1 << width) - 1
    columns = [[(int(x) >> (width * l)) & mask for x in scalars] for l in range(count - 1)]
    columns.append([int(x) >> (width * (count - 1)) for x in scalars])
    return np.array(columns, dtype=np.float64).T


def _join(limbs: Sequence[int], width: int) -> int:
    total = 0
    for limb in reversed(limbs):
        total = (total << width) + limb
    return total
