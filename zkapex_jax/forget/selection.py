"""From scores to a mask: the highest ones over the whole vector of target weights.

The least score that is still taken is found by its bits, 16 at a time, in passes over blocks of the vector: scores may
lie in a file, and nothing is sorted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.scratch import release

_BLOCK = 2**20
_DIGIT_BITS = 16
_KEY_BITS = 64


def mask_size(weights: int, sparsity: float) -> int:
    """Masked weights of W: the nearest integer to `sparsity` * W (halves up), at least 1, at most W - 1.

    Raises:
        InputError: `sparsity` is not between 0 and 1 (both excluded), or W is below 2.
    """
    if not isinstance(sparsity, int | float) or not 0 < sparsity < 1:
        raise InputError("must lie between 0 and 1", code="sparsity", field="sparsity", value=sparsity)
    if weights < 2:
        raise InputError("must be at least 2", code="weights", field="weights", value=weights)
    return min(max(math.floor(sparsity * weights + 0.5), 1), weights - 1)


def select_mask(scores: np.ndarray, sparsity: float) -> np.ndarray:
    """Mask bool [W], true on the `mask_size` highest scores; of equal scores the lower index is taken.

    Raises:
        InputError: the scores are not a vector, or hold a NaN; or as `mask_size`.
    """
    scores = np.asarray(scores, np.float64)
    if scores.ndim != 1:
        raise InputError("must have shape [W]", code="shape", field="scores", value=scores.shape)
    if any(np.isnan(scores[place]).any() for place in _blocks(scores)):
        raise InputError("holds a NaN", code="not_finite", field="scores")
    mask, left = np.zeros(len(scores), bool), mask_size(len(scores), sparsity)
    least, equal = _least_key(scores, left)
    for place in _blocks(scores):
        keys = _keys(scores[place])
        mask[place] = keys > least
        ties = np.flatnonzero(keys == least)[:equal]
        mask[place.start + ties] = True
        equal -= len(ties)
    return mask


def _least_key(scores: np.ndarray, count: int) -> tuple[np.uint64, int]:
    """Key of the `count`-th highest score, and how many scores of that key are among the `count` highest."""
    prefix, left = 0, count
    for shift in range(_KEY_BITS - _DIGIT_BITS, -1, -_DIGIT_BITS):
        counts = np.zeros(2**_DIGIT_BITS, np.int64)
        for place in _blocks(scores):
            heads = _keys(scores[place]) >> np.uint64(shift)
            tails = heads[heads >> np.uint64(_DIGIT_BITS) == np.uint64(prefix)] & np.uint64(2**_DIGIT_BITS - 1)
            counts += np.bincount(tails.astype(np.int64), minlength=2**_DIGIT_BITS)
        from_top = np.cumsum(counts[::-1])
        place_from_top = int(np.searchsorted(from_top, left))
        left -= int(from_top[place_from_top - 1]) if place_from_top else 0
        prefix = (prefix << _DIGIT_BITS) | (2**_DIGIT_BITS - 1 - place_from_top)
    return np.uint64(prefix), left


def _keys(scores: np.ndarray) -> np.ndarray:
    """uint64 in the order of the scores: the bits of a double, all flipped if negative, the sign alone otherwise. -0 is 0."""
    bits = (scores + 0.0).view(np.uint64)
    sign = np.uint64(1 << 63)
    return np.where(bits & sign, ~bits, bits | sign)


def _blocks(scores: np.ndarray) -> Iterator[slice]:
    for start in range(0, len(scores), _BLOCK):
        yield slice(start, min(start + _BLOCK, len(scores)))
        release(scores)
