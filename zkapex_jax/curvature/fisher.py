"""First and second moments of per-example gradients, for mask scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zkapex_jax.curvature.gradients import Examples, LossFunction, gradient_blocks
from zkapex_jax.models.targets import TargetLayout


@dataclass(frozen=True)
class GradientMoments:
    """Mean gradient [W] and diagonal of the empirical Fisher [W] (mean of squared gradients), float64."""

    mean: np.ndarray
    fisher: np.ndarray
    examples: int


def gradient_moments(loss_fn: LossFunction, params: Any, layout: TargetLayout, examples: Examples,
                     micro_batch: int = 8) -> GradientMoments:  # fmt: skip
    """Accumulate both moments over the examples; memory is model + (micro_batch + 4) · W values.

    Raises:
        InputError: as `gradients.gradient_blocks`.
    """
    mean, fisher, count = np.zeros(layout.weights), np.zeros(layout.weights), 0
    for block in gradient_blocks(loss_fn, params, layout, examples, micro_batch):
        count += block.count
        for path, _, place in layout.slices():
            part = block.tensors[path].reshape(block.count, -1)
            mean[place] += part.sum(axis=0, dtype=np.float64)
            fisher[place] += np.einsum("ij,ij->j", part, part, dtype=np.float64)
    return GradientMoments(mean / count, fisher / count, count)
