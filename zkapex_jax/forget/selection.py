"""From scores to a mask: the highest ones over the whole vector of target weights."""

from __future__ import annotations

import math

import numpy as np

from zkapex_jax.errors import InputError


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
    if np.isnan(scores).any():
        raise InputError("holds a NaN", code="not_finite", field="scores")
    mask = np.zeros(len(scores), bool)
    mask[np.argsort(-scores, kind="stable")[: mask_size(len(scores), sparsity)]] = True
    return mask
