"""Many gradients, summed up in n rows a chunk: rows whose Gram matrix is the nearest of rank n to that of all.

A short chunk of d weights keeps the d x d matrix itself and gives its best approximation of rank n (all of it, where n ≥ d).
A longer one keeps a sketch by Frequent Directions: of what it holds and n gradients more the n leading directions stay, less
the square of the next one (Liberty 2013, arXiv 1206.0594; Ghashami et al. 2016, arXiv 1501.01711), so that
‖GᵀG - SᵀS‖ ≤ ‖G - G_k‖²_F / (n - k) for every k < n.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zkapex_jax.curvature.rows import column_blocks
from zkapex_jax.errors import InputError
from zkapex_jax.formats.scratch import release

#: Weights of a chunk up to which the matrix is kept whole: 64 MiB of float32.
EXACT = 4096

#: Columns of a long chunk that are in memory at a time.
_COLUMNS = 2**15

#: Rows that are read or written before their pages are let go: the system may map megabytes around every place that is touched.
_TOUCHED = 8


@dataclass(frozen=True)
class Shape:
    """What is kept of each chunk: its matrix [d, d] up to `exact` weights, else n + 1 rows [n + 1, d], shortest first, whose
    shortest one is what the next gradients cost all of them.

    Raises:
        InputError: there is no chunk, or no row.
    """

    bounds: tuple[tuple[int, int], ...]
    rows: int
    exact: int = EXACT

    def __post_init__(self) -> None:
        if type(self.rows) is not int or self.rows < 1 or not self.bounds:
            raise InputError("needs a chunk and a positive number of rows", code="sketch", field="rows", value=self.rows)

    @property
    def weights(self) -> int:
        """W of all chunks."""
        return self.bounds[-1][1]

    @property
    def size(self) -> int:
        """Floats that are kept, of all chunks: at most max(exact, n + 1)·W."""
        return sum(self._height(stop - start) * (stop - start) for start, stop in self.bounds)

    def parts(self, state: np.ndarray) -> Iterator[np.ndarray]:
        """Each chunk's matrix or rows, as views of the `size` floats."""
        place = 0
        for start, stop in self.bounds:
            height = self._height(stop - start)
            yield state[place : place + height * (stop - start)].reshape(height, stop - start)
            place += height * (stop - start)

    def is_whole(self, weights: int) -> bool:
        """Whether a chunk of so many weights keeps its matrix."""
        return weights <= self.exact

    def _height(self, weights: int) -> int:
        return weights if self.is_whole(weights) else self.rows + 1


class Sketch:
    """Rows of the chunks of a vector of W weights, from gradients added block by block.

    What is kept is `state`, `Shape.size` float32; it may be mapped from a file, and so may gradients and rows: their pages are
    let go block by block. A state of `count` gradients that was kept from before is gone on with.
    """

    def __init__(
        self, bounds: Sequence[tuple[int, int]], rows: int, *, exact: int = EXACT, state: np.ndarray | None = None, count: int = 0
    ) -> None:
        self.shape = Shape(tuple(bounds), rows, exact)
        self.state = np.zeros(self.shape.size, np.float32) if state is None else state
        self.count = count
        if self.state.shape != (self.shape.size,) or self.state.dtype != np.float32:
            raise InputError(f"must be {self.shape.size} float32", code="shape", field="state", value=(self.state.dtype, self.state.shape))

    def add(self, gradients: np.ndarray, into: np.ndarray | None = None) -> None:
        """Take in gradients f32 [B, W]. With `into`, the new state is written there, and the old one stays as it was.

        Raises:
            InputError: they have another width.
        """
        if gradients.ndim != 2 or gradients.shape[1] != self.shape.weights:
            raise InputError(f"must have {self.shape.weights} columns", code="shape", field="gradients", value=gradients.shape)
        target = self.state if into is None else into
        for (start, stop), old, new in zip(self.shape.bounds, self.shape.parts(self.state), self.shape.parts(target), strict=True):
            if self.shape.is_whole(stop - start):
                part = _read(gradients[:, start:stop], slice(0, stop - start))
                new[...] = old + part.T @ part
            else:
                _fold(old, gradients[:, start:stop], new)
            for array in (old, new):
                release(array)
        self.state, self.count = target, self.count + len(gradients)

    def finish(self, seed: int, out: np.ndarray | None = None) -> np.ndarray:
        """S f32 [n, W] with SᵀS near (n / N)·GᵀG in each chunk, for N gradients: rows are as long as gradients typically are.

        The rows of a chunk are turned by a random orthogonal matrix, which SᵀS does not see: all come out about equally long, and
        integers of few bits serve them all alike. `out`, if given, is filled and returned.

        Raises:
            InputError: nothing was added, or `out` has another shape.
        """
        shape = (self.shape.rows, self.shape.weights)
        made = np.empty(shape, np.float32) if out is None else out
        if not self.count:
            raise InputError("no gradient was added", code="sketch", field="gradients")
        if made.shape != shape:
            raise InputError(f"must be {shape}", code="shape", field="out", value=made.shape)
        random, scale = np.random.default_rng(seed), np.sqrt(self.shape.rows / self.count)
        for (start, stop), kept in zip(self.shape.bounds, self.shape.parts(self.state), strict=True):
            found = _leading(kept, self.shape.rows) if self.shape.is_whole(stop - start) else kept[1:]
            turned, _ = np.linalg.qr(random.standard_normal((self.shape.rows, len(found))))
            for columns in column_blocks(found, _COLUMNS):
                _write(made[:, start:stop], columns, (scale * turned) @ _read(found, columns))
        return made


def _leading(matrix: np.ndarray, rows: int) -> np.ndarray:
    """Float64 [min(n, d), d]: the leading eigenvectors, each as long as the root of its eigenvalue."""
    values, vectors = np.linalg.eigh(matrix.astype(np.float64))
    return np.sqrt(np.maximum(values[-rows:], 0.0))[:, None] * vectors[:, -rows:].T


def _fold(old: np.ndarray, gradients: np.ndarray, new: np.ndarray) -> None:
    """Into `new` f32 [n + 1, d] the leading directions of `old`, shrunk, and of the gradients, n of these at a time."""
    rows = len(old) - 1
    for start in range(0, len(gradients), rows):
        part = gradients[start : start + rows]
        gram = _gram(old, part)
        squares = gram.diagonal()[: len(old)]
        kept = np.divide(np.maximum(squares - squares.min(), 0.0), squares, out=np.zeros_like(squares), where=squares > 0)
        scale = np.concatenate([np.sqrt(kept), np.ones(len(part))])
        values, vectors = np.linalg.eigh(scale[:, None] * gram * scale)
        turn = np.where(values[-rows - 1 :, None] > 0, vectors[:, -rows - 1 :].T * scale, 0.0).astype(np.float32)
        for columns in column_blocks(old, _COLUMNS):
            _write(new, columns, turn @ _read(old, columns, part))
        old = new


def _gram(old: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Float64 inner products of all rows."""
    gram = np.zeros((len(old) + len(part),) * 2)
    for columns in column_blocks(old, _COLUMNS):
        held = _read(old, columns, part)
        gram += held @ held.T
    return gram


def _read(rows: np.ndarray, columns: slice, more: np.ndarray | None = None) -> np.ndarray:
    """Some columns of the rows, and of more below them, as a copy."""
    parts = (rows,) if more is None else (rows, more)
    made = np.empty((sum(map(len, parts)), columns.stop - columns.start), rows.dtype)
    place = 0
    for part in parts:
        for start in range(0, len(part), _TOUCHED):
            found = part[start : start + _TOUCHED, columns]
            made[place : place + len(found)] = found
            place += len(found)
            release(part)
    return made


def _write(rows: np.ndarray, columns: slice, values: np.ndarray) -> None:
    for start in range(0, len(rows), _TOUCHED):
        rows[start : start + _TOUCHED, columns] = values[start : start + _TOUCHED]
        release(rows)

