"""Many gradients, summed up in n rows a chunk: rows whose Gram matrix is the nearest of rank n to that of all.

A chunk of d weights up to `EXACT` keeps the d x d matrix itself and its best approximation of rank n (all of it, where
n ≥ d). A longer one keeps a sketch by Frequent Directions: 2n rows, halved whenever they are full (Liberty 2013, arXiv
1206.0594; Ghashami et al. 2016, arXiv 1501.01711), so that ‖GᵀG - SᵀS‖ ≤ ‖G - G_k‖²_F / (n - k) for every k < n.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zkapex_jax.errors import InputError

#: Weights of a chunk up to which the matrix is kept whole: 64 MiB of float32.
EXACT = 4096


class Sketch:
    """Rows of the chunks of a vector of W weights, from gradients added block by block.

    Memory: min(d, EXACT)·W or 2n·W float32.
    """

    def __init__(self, bounds: Sequence[tuple[int, int]], rows: int) -> None:
        if type(rows) is not int or rows < 1 or not bounds:
            raise InputError("needs a chunk and a positive number of rows", code="sketch", field="rows", value=rows)
        self.rows, self.bounds, self.count = rows, tuple(bounds), 0
        self._chunks = [_Exact(stop - start) if stop - start <= EXACT else _Frequent(stop - start, rows) for start, stop in bounds]

    def add(self, gradients: np.ndarray) -> None:
        """Take in gradients f32 [B, W].

        Raises:
            InputError: they have another width.
        """
        if gradients.ndim != 2 or gradients.shape[1] != self.bounds[-1][1]:
            raise InputError(f"must have {self.bounds[-1][1]} columns", code="shape", field="gradients", value=gradients.shape)
        for (start, stop), chunk in zip(self.bounds, self._chunks, strict=True):
            chunk.add(gradients[:, start:stop])
        self.count += len(gradients)

    def finish(self, seed: int) -> np.ndarray:
        """S f32 [n, W] with SᵀS near (n / N)·GᵀG in each chunk, for N gradients: rows are as long as gradients typically are.

        The rows of a chunk are turned by a random orthogonal matrix, which SᵀS does not see: all come out about equally long, and
        integers of few bits serve them all alike.

        Raises:
            InputError: nothing was added.
        """
        if not self.count:
            raise InputError("no gradient was added", code="sketch", field="gradients")
        made = np.empty((self.rows, self.bounds[-1][1]), np.float32)
        random = np.random.default_rng(seed)
        for (start, stop), chunk in zip(self.bounds, self._chunks, strict=True):
            found = chunk.best(self.rows) * np.sqrt(self.rows / self.count)
            turned, _ = np.linalg.qr(random.standard_normal((self.rows, len(found))))
            made[:, start:stop] = turned @ found
        return made


class _Exact:
    """GᵀG itself."""

    def __init__(self, weights: int) -> None:
        self._gram = np.zeros((weights, weights), np.float32)

    def add(self, part: np.ndarray) -> None:
        self._gram += part.T @ part

    def best(self, rows: int) -> np.ndarray:
        """Float64 [min(n, d), d]: the leading eigenvectors, each as long as the root of its eigenvalue."""
        values, vectors = np.linalg.eigh(self._gram.astype(np.float64))
        return np.sqrt(np.maximum(values[-rows:], 0.0))[:, None] * vectors[:, -rows:].T


class _Frequent:
    """A buffer of 2n rows; when it is full, squares of its singular values lose the n-th one's, and n rows are free again."""

    def __init__(self, weights: int, rows: int) -> None:
        self._buffer, self._rows, self._filled = np.zeros((2 * rows, weights), np.float32), rows, 0

    def add(self, part: np.ndarray) -> None:
        done = 0
        while done < len(part):
            if self._filled == len(self._buffer):
                kept = self.best(self._rows, shrink=True)
                self._buffer[: len(kept)], self._filled = kept, len(kept)
            taken = min(len(part) - done, len(self._buffer) - self._filled)
            self._buffer[self._filled : self._filled + taken] = part[done : done + taken]
            self._filled, done = self._filled + taken, done + taken

    def best(self, rows: int, shrink: bool = False) -> np.ndarray:
        held = self._buffer[: self._filled]
        squares, left = np.linalg.eigh((held @ held.T).astype(np.float64))
        loss = squares[-rows - 1] if shrink and len(squares) > rows else 0.0
        squares, left = np.maximum(squares[-rows:], 0.0), left[:, -rows:]
        roots = np.sqrt(squares)
        scale = np.divide(np.sqrt(np.maximum(squares - loss, 0.0)), roots, out=np.zeros_like(roots), where=roots > 0)
        return (scale[:, None] * left.T) @ held
