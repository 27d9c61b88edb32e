"""First and second moments of per-example gradients, for mask scores."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from zkapex_jax.curvature.gradients import Examples, LossFunction, OnBlock, gradient_blocks
from zkapex_jax.formats.scratch import release, scratch_array
from zkapex_jax.models.order import as_tensor
from zkapex_jax.models.targets import TargetLayout


@dataclass(frozen=True)
class GradientMoments:
    """Mean gradient [W] and diagonal of the empirical Fisher [W] (mean of squared gradients), float64."""

    mean: np.ndarray
    fisher: np.ndarray
    examples: int


def gradient_moments(loss_fn: LossFunction, params: Any, layout: TargetLayout, examples: Examples,
                     micro_batch: int = 8, scratch: str | os.PathLike[str] | None = None,
                     on_block: OnBlock | None = None) -> GradientMoments:  # fmt: skip
    """Accumulate both moments over the examples; memory is model + micro_batch · W values, and 4 W more without `scratch`.

    `scratch` is a folder for the two sums (16 W bytes on disk, in files without names).

    Raises:
        InputError: as `gradients.gradient_blocks`. StorageError: `scratch` has no room.
    """
    mean, fisher = (scratch_array((layout.weights,), np.float64, scratch) for _ in range(2))
    count = 0
    for block in gradient_blocks(loss_fn, params, layout, examples, micro_batch, on_block):
        count += block.count
        for path, shape, place in layout.slices():
            _add(block.tensors[path], as_tensor(mean[place], shape), as_tensor(fisher[place], shape))
            release(mean), release(fisher)  # tensor by tensor: of two mapped files no more is ever resident
        del block
    for _, _, place in layout.slices():
        for total in (mean, fisher):
            total[place] /= count
            release(total)
    return GradientMoments(mean, fisher, count)


def _add(part: np.ndarray, mean: np.ndarray, fisher: np.ndarray) -> None:
    """Add an example at a time: no float64 copy of the block is made."""
    for example in part:
        mean += example
        fisher += np.square(example, dtype=np.float64)
