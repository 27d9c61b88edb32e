"""Masks that touch few chunks: as much forgetting as possible inside them.

With λ the price of a masked weight, a chunk is worth V(λ) = Σ max(score - λ, 0): the chunks of highest worth, and in them
the weights above λ, are the best mask of that size (Lagrange). For every λ, λ·size + the sum of the highest V(λ) is more than any
mask of that size in that many chunks can score: the least of these bounds says how much a choice may have missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.forget.selection import mask_size, select_mask
from zkapex_jax.formats.scratch import release

#: Prices that are tried, at quantiles of the scores: closer at the top, where masks are cut.
_PRICES = 1024
_SAMPLE = 1 << 20

Bounds = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Worth:
    """By price (rows) and chunk (columns): `excess` Σ max(score - λ, 0), `count` of weights with a score above λ."""

    prices: np.ndarray
    excess: np.ndarray
    count: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray, bounds: Bounds) -> Worth:
        """Passes over `scores` [W], chunk by chunk. Raises InputError for no chunk, or scores that are not finite."""
        _refuse_not_finite(scores, bounds)
        prices = _prices(scores)
        excess, count = np.zeros((len(prices), len(bounds))), np.zeros((len(prices), len(bounds)), np.int64)
        for chunk, (start, stop) in enumerate(bounds):
            rising = np.sort(scores[start:stop])
            release(scores)
            above = np.searchsorted(rising, prices, "right")
            sums = np.concatenate([np.cumsum(rising[::-1])[::-1], [0.0]])
            count[:, chunk] = len(rising) - above
            excess[:, chunk] = sums[above] - prices * count[:, chunk]
        return cls(prices, excess, count, np.array([stop - start for start, stop in bounds]))

    def best_chunks(self, chunks: int, size: int) -> tuple[np.ndarray, float]:
        """The `chunks` chunks for a mask of `size` weights, and a bound on what any mask there can score.

        Raises InputError if so few chunks hold fewer weights.
        """
        if not least_chunks(self.sizes, size) <= chunks <= len(self.sizes):
            raise InputError(
                f"must be from {least_chunks(self.sizes, size)} (to hold the masked weights) to {len(self.sizes)}",
                code="out_of_range", field="chunks", value=chunks,
            )  # fmt: skip
        order = np.argsort(-self.excess, axis=1, kind="stable")[:, :chunks]
        bounds = self.prices * size + np.take_along_axis(self.excess, order, 1).sum(1)
        room = self.sizes[order].sum(1) >= size
        # The price with the least bound is the one at which about `size` weights are worth it.
        price = int(np.argmin(np.where(room, bounds, np.inf))) if room.any() else int(np.argmin(bounds))
        chosen = order[price] if room.any() else np.argsort(-self.sizes, kind="stable")[:chunks]
        return np.sort(chosen), float(bounds.min())


def least_chunks(sizes: np.ndarray, size: int) -> int:
    """The fewest chunks that hold `size` weights."""
    return int(np.searchsorted(np.cumsum(np.sort(sizes)[::-1]), size)) + 1


def clustered_mask(scores: np.ndarray, sparsity: float, bounds: Bounds, chunks: int) -> np.ndarray:
    """Mask bool [W] of `mask_size` weights that touches at most `chunks` of the chunks `bounds`, of highest total score.

    Raises:
        InputError: the chunks cannot hold the mask, or as `select_mask`.
    """
    size = mask_size(len(scores), sparsity)
    if chunks == len(bounds):
        return select_mask(scores, sparsity)
    chosen, _ = Worth.of(scores, bounds).best_chunks(chunks, size)
    return mask_in(scores, size, bounds, chosen)


def mask_in(scores: np.ndarray, size: int, bounds: Bounds, chosen: np.ndarray) -> np.ndarray:
    """Mask bool [W] of the `size` highest scores within the chosen chunks."""
    kept = np.concatenate([scores[slice(*bounds[chunk])] for chunk in chosen])
    mask, start = np.zeros(len(scores), np.bool_), 0
    inner = np.ones(len(kept), np.bool_) if size >= len(kept) else select_mask(kept, size / len(kept))
    for chunk in chosen:
        first, last = bounds[chunk]
        mask[first:last] = inner[start : start + last - first]
        start += last - first
    return mask


def _refuse_not_finite(scores: np.ndarray, bounds: Bounds) -> None:
    if not all(np.isfinite(scores[slice(*place)]).all() for place in bounds):
        raise InputError("holds a NaN or an infinity", code="not_finite", field="scores")
    release(scores)


def _prices(scores: np.ndarray) -> np.ndarray:
    step = max(1, len(scores) // _SAMPLE)
    sample = np.asarray(scores[::step], np.float64)
    release(scores)
    top = 1 - np.geomspace(1, 1 / len(sample), _PRICES // 2)
    return np.unique(np.quantile(sample, np.concatenate([np.linspace(0, 1, _PRICES // 2), top])))
