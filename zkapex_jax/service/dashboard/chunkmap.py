"""Which chunks a mask touches, drawn as a grid: one cell a chunk, darker where more of it is zero.

Geometry and classes only: the page's style colours it, light or dark, and its content policy allows no inline style.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.protocol.layout import ChunkedLayout

#: More chunks than this share cells, so that the picture stays a picture.
MOST_CELLS = 2048
#: Shades beside "none".
LEVELS = 5


@dataclass(frozen=True)
class Cell:
    """Chunks first..last of the grid's place (x, y). `level` 0: nothing masked; LEVELS: as much as anywhere."""

    x: int
    y: int
    first: int
    last: int
    weights: int
    masked: int
    level: int

    @property
    def share(self) -> float:
        return self.masked / self.weights

    @property
    def name(self) -> str:
        return f"chunk {self.first}" if self.first == self.last else f"chunks {self.first} to {self.last}"


@dataclass(frozen=True)
class ChunkMap:
    """The grid. `touched` of `chunks` chunks hold masked weights; `top`: the highest share of a cell."""

    cells: tuple[Cell, ...]
    columns: int
    rows: int
    chunks: int
    touched: int
    weights: int
    masked: int
    top: float

    @property
    def share(self) -> float:
        return self.masked / self.weights


def masked_by_chunk(mask: np.ndarray, layout: ChunkedLayout) -> np.ndarray:
    """int64 [m], masked weights of each chunk; `mask` bool [W]. Raises InputError if it does not have the layout's shape."""
    if mask.shape != (layout.weights,) or mask.dtype != np.bool_:
        raise InputError("mask does not have the layout's shape", code="bad_mask", field="mask", value=mask.shape)
    starts = np.concatenate([[0], np.cumsum(layout.chunks)[:-1]])
    return np.add.reduceat(mask.view(np.uint8), starts, dtype=np.int64)


def chunk_map(masked: np.ndarray, layout: ChunkedLayout) -> ChunkMap:
    """The grid of counts a chunk, as `masked_by_chunk` gives them."""
    chunks, size = len(layout.chunks), ceil(len(layout.chunks) / MOST_CELLS)
    groups = [(first, min(first + size, chunks)) for first in range(0, chunks, size)]
    sums = [(first, end, sum(layout.chunks[first:end]), int(masked[first:end].sum())) for first, end in groups]
    top = max((found / weights for _, _, weights, found in sums), default=0.0)
    columns = max(1, min(len(groups), ceil(sqrt(3 * len(groups)))))
    cells = tuple(
        Cell(number % columns, number // columns, first, end - 1, weights, found, _level(found / weights, top))
        for number, (first, end, weights, found) in enumerate(sums)
    )
    return ChunkMap(
        cells, columns, ceil(len(groups) / columns), chunks, int(np.count_nonzero(masked)), layout.weights, int(masked.sum()), top
    )


def _level(share: float, top: float) -> int:
    """0 for none; a share that is not none is never drawn as none."""
    return 0 if share == 0 else max(1, ceil(LEVELS * share / top - 1e-9))
