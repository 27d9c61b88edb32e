"""The mask planner: what a mask forgets against what answering it costs, from one scattered over all chunks to one that is
clustered in the fewest.

Forgetting is predicted by the sum of the masked weights' scores, the rise of the forget loss less the change of the retain loss
(`forget.mask_scores`, in nats an example), and, for a model in hand, by the accuracy of the masked base. A chunk
that the mask leaves alone needs no proof.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.forget import mask_size, select_mask
from zkapex_jax.forget.clustering import Worth, least_chunks, mask_in
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.protocol.masks import touched_chunks
from zkapex_jax.workflow.costs.calibration import Calibration
from zkapex_jax.workflow.costs.estimating import Estimate, estimate

#: Shares of the chunks that are shown, beside the scattered mask and the fewest chunks that hold it.
SHARES = (0.75, 0.5, 0.25, 0.125)

#: Accuracy on the forgotten and on the retained examples under a mask.
Judge = Callable[[np.ndarray], tuple[float, float]]


@dataclass(frozen=True)
class Choice:
    """One mask: chunks that it touches, its score, as a share of the scattered mask's, and the most that any mask in so many
    chunks could have; accuracies of the masked base model, if measured; what the fleet and each client pay."""

    chunks: int
    masked: int
    score: float
    share: float
    bound: float
    forget_accuracy: float | None
    retain_accuracy: float | None
    cost: Estimate


def choices(
    preset: Preset,
    layout: ChunkedLayout,
    scores: np.ndarray,
    sparsity: float,
    *,
    counts: Sequence[int] | None = None,
    measured: Calibration | None = None,
    judge: Judge | None = None,
) -> list[Choice]:
    """The scattered mask first, then clustered ones, in `counts` of chunks or in the default shares.

    `scores` float64 [W] (see `plan.score_weights`); `measured`: a calibration on this machine. Raises InputError for scores of
    another length, a sparsity out of range, or a count of chunks that cannot hold the mask.
    """
    if scores.shape != (layout.weights,):
        raise InputError(f"must have shape [{layout.weights}]", code="shape", field="scores", value=scores.shape)
    size, bounds = mask_size(layout.weights, sparsity), [layout.bounds(chunk) for chunk in range(len(layout.chunks))]
    scattered = select_mask(scores, sparsity)
    best = _sum(scores, scattered)
    made = [_choice(preset, layout, scattered, (best, best, best), measured, judge)]
    worth = Worth.of(scores, bounds)
    for count in counts if counts is not None else default_counts(worth.sizes, size, made[0].chunks):
        chosen, bound = worth.best_chunks(count, size)
        mask = mask_in(scores, size, bounds, chosen)
        made.append(_choice(preset, layout, mask, (_sum(scores, mask), best, min(bound, best)), measured, judge))
    return made


def default_counts(sizes: np.ndarray, size: int, scattered: int) -> list[int]:
    """Shares of the chunks, falling, below those that the scattered mask touches, down to the fewest that hold `size` weights."""
    least = least_chunks(sizes, size)
    counts = {max(least, round(share * len(sizes))) for share in SHARES} | {least}
    return sorted((count for count in counts if count < scattered), reverse=True)


def _choice(
    preset: Preset, layout: ChunkedLayout, mask: np.ndarray, sums: tuple[float, float, float], measured: Calibration | None,
    judge: Judge | None,
) -> Choice:  # fmt: skip
    score, best, bound = sums
    touched = touched_chunks(mask, layout)
    forget, retain = judge(mask) if judge is not None else (None, None)
    cost = estimate(preset, layout=layout, touched=touched, measured=measured)
    return Choice(len(touched), int(mask.sum()), score, score / best if best > 0 else 1.0, bound / best if best > 0 else 1.0, forget, retain, cost)


def _sum(scores: np.ndarray, mask: np.ndarray) -> float:
    return float(np.asarray(scores[mask], np.float64).sum())
