"""The ternary vectors R_j: 64 bytes of challenge expanded to entries in {-1, 0, 1} over all weights and the cells of e.

Lane l in 0..P-1 holds the A active cells of that lane, lane P the cells of e. For each lane
    stream = SHAKE-256("zkapex/ternary/1" || r || le64(l)),
32 bytes a cell: two little-endian 128-bit numbers, R_j(cell) = bit j of the first - bit j of the second. An entry is 0
with probability 1/2 and +-1 with 1/4 each, so a row kills a non-zero vector with probability at most 1/2.
"""

from __future__ import annotations

import hashlib
from typing import Sequence

import numpy as np

from .errors import ChallengeError
from .exact import combine
from .field import MODULUS, powers

DOMAIN = b"zkapex/ternary/1"
CELL_BYTES = 32
MAX_PROJECTIONS = 128


def lane_stream(r: bytes, lane: int, cells: int) -> bytes:
    """The SHAKE-256 output for one lane, 32 bytes a cell."""
    if len(r) != 64:
        raise ChallengeError("r takes 64 bytes", field="r", value=len(r))
    return hashlib.shake_256(DOMAIN + r + lane.to_bytes(8, "little")).digest(CELL_BYTES * cells)


def expand_lane_plain(r: bytes, lane: int, cells: int, projections: int) -> list[list[int]]:
    """R_j(cell) as rows j of the lane; the definition."""
    stream = lane_stream(r, lane, cells)
    rows = [[0] * cells for _ in range(_checked(projections))]
    for cell in range(cells):
        block = stream[CELL_BYTES * cell : CELL_BYTES * (cell + 1)]
        plus, minus = int.from_bytes(block[:16], "little"), int.from_bytes(block[16:], "little")
        for j, row in enumerate(rows):
            row[cell] = (plus >> j & 1) - (minus >> j & 1)
    return rows


def expand_lane(r: bytes, lane: int, cells: int, projections: int) -> np.ndarray:
    """`expand_lane_plain` as an int8 array [J, cells]."""
    stream = np.frombuffer(lane_stream(r, lane, cells), dtype=np.uint8).reshape(cells, 2, 16)
    bits = np.unpackbits(stream, axis=2, bitorder="little").astype(np.int8)
    return np.ascontiguousarray((bits[:, 0] - bits[:, 1])[:, : _checked(projections)].T)


def expand(r: bytes, *, lanes: int, active_rows: int, rows: int, projections: int) -> tuple[np.ndarray, np.ndarray]:
    """(R over the weights, int8 [J, A*P] in chunk order; R over e, int8 [J, rows]).

    Weight i sits at active row i // P, lane i % P, so chunk order is row-major over (row, lane)."""
    by_lane = [expand_lane(r, lane, active_rows, projections) for lane in range(lanes)]
    over_weights = np.stack(by_lane, axis=2).reshape(projections, active_rows * lanes)
    return over_weights, expand_lane(r, lanes, rows, projections)


def combination(eta: int, matrix: np.ndarray) -> list[int]:
    """c = sum_j eta^j R_j mod p, one entry a cell; matrix int8 [J, cells]."""
    return [value % MODULUS for value in combine(matrix, powers(eta, matrix.shape[0]))]


def projections(over_weights: np.ndarray, over_e: np.ndarray, delta: Sequence[int], e: Sequence[int]) -> list[int]:
    """p_j = <R_j, (delta, e)> over the integers, J of them; pads of delta count as 0 (delta may be shorter than A*P)."""
    weights = combine(over_weights[:, : len(delta)].T, delta)
    tail = combine(over_e.T, e)
    return [a + b for a, b in zip(weights, tail, strict=True)]


def _checked(count: int) -> int:
    if not 1 <= count <= MAX_PROJECTIONS:
        raise ChallengeError("between 1 and 128 projections", field="projections", value=count)
    return count
