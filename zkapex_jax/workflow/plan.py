"""From a base model and two data sets to a request's mask, forget rows and budget (the provider's side)."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from zkapex_jax.curvature import GradientMoments, gradient_moments
from zkapex_jax.curvature.gradients import Examples, LossFunction, OnBlock
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.forget import budget as chunk_budget
from zkapex_jax.forget import forget_rows, mask_scores, select_mask
from zkapex_jax.forget.budget import masked_energy
from zkapex_jax.forget.clustering import clustered_mask
from zkapex_jax.formats.scratch import release, scratch_array
from zkapex_jax.models.chunks import chunk_bounds
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.models.targets import flatten
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import ChunkedLayout, Enrolment
from zkapex_jax.protocol.masks import touched_chunks
from zkapex_jax.prover import OnProgress, tell
from zkapex_jax.quantize import forget_scale, quantize_forget_rows, to_fixed, typical_row_norm
from zkapex_jax.workflow.folders import Provider
from zkapex_jax.workflow.memory import trim


_BLOCK = 2**20


@dataclass(frozen=True)
class Passes:
    """How gradients of the base model are taken: its loss and target weights, `micro_batch` examples a step.

    `scratch`: a folder on whose disk vectors of W values are kept, 40 + 4 K bytes a weight, in files without names; without
    it, in memory.
    """

    loss_fn: LossFunction
    layout: TargetLayout
    micro_batch: int = 8
    scratch: str | os.PathLike[str] | None = None
    on_progress: OnProgress | None = None

    def moments(self, params: Any, examples: Examples, name: str) -> GradientMoments:
        """Mean gradient and diagonal Fisher; progress is told of as `name` moments."""
        told = _told(self.on_progress, f"{name} moments")
        return gradient_moments(self.loss_fn, params, self.layout, examples, self.micro_batch, self.scratch, told)


@dataclass(frozen=True)
class RequestPlan:
    """Mask bool [W], forget rows float32 [K, W] in nats a unit of weight, and D of each touched chunk."""

    mask: np.ndarray
    rows: np.ndarray
    budget: Mapping[int, int]


def plan_request(
    preset: Preset, passes: Passes, params: Any, forget: Examples, retain: Examples, *, sparsity: float,
    budget_factor: Fraction | None = None, chunks: int | None = None,
) -> RequestPlan:  # fmt: skip
    """Score every target weight of the base model `params`, mask the `sparsity` share of highest score, add forget rows.

    `chunks`: the mask touches at most so many (`planner` shows what that costs and forgets). `budget_factor`: D as a multiple
    of the masked base weights' energy; None takes the measured default.
    """
    mask, budget = plan_mask(preset, passes, params, forget, retain, sparsity=sparsity, budget_factor=budget_factor, chunks=chunks)
    return RequestPlan(mask, plan_rows(preset, passes, params, forget, mask), budget)


def plan_mask(
    preset: Preset, passes: Passes, params: Any, forget: Examples, retain: Examples, *, sparsity: float,
    budget_factor: Fraction | None = None, chunks: int | None = None,
) -> tuple[np.ndarray, dict[int, int]]:  # fmt: skip
    """Mask bool [W] and D of each chunk that it touches; arguments are those of `plan_request`."""
    layout, scores = passes.layout, score_weights(passes, params, forget, retain)
    mask = select_mask(scores, sparsity) if chunks is None else clustered_mask(
        scores, sparsity, chunk_bounds(layout.weights, preset.capacity), chunks
    )  # fmt: skip
    del scores
    return mask, default_budget(preset, layout, to_fixed(flatten(params, layout)), mask, factor=budget_factor)


def plan_rows(preset: Preset, passes: Passes, params: Any, forget: Examples, mask: np.ndarray) -> np.ndarray:
    """Forget rows float32 [K, W] of the preset's number; `params` may be those of the base, or of the masked base already."""
    return forget_rows(
        passes.loss_fn, params, forget, preset.forget_rows, passes.layout, mask, passes.micro_batch, passes.scratch,
        _told(passes.on_progress, "forget rows"),
    )  # fmt: skip


def score_weights(passes: Passes, params: Any, forget: Examples, retain: Examples) -> np.ndarray:
    """Score float64 [W] of every target weight (`forget.mask_scores`)."""
    of_forget, of_retain = passes.moments(params, forget, "forget"), passes.moments(params, retain, "retain")
    return _scores(of_forget, of_retain, flatten(params, passes.layout), passes.scratch)


def _told(on_progress: OnProgress | None, stage: str) -> OnBlock:
    """Told of a block: what computing it left on the heap goes back to the system."""

    def told(done: int, total: int) -> None:
        trim()
        tell(on_progress, stage, done, total)

    return told


def _scores(
    forget: GradientMoments, retain: GradientMoments, theta: np.ndarray, scratch: str | os.PathLike[str] | None
) -> np.ndarray:
    """`mask_scores` float64 [W], a block of weights at a time."""
    vectors = (forget.mean, forget.fisher, retain.mean, retain.fisher, theta)
    scores = scratch_array(theta.shape, np.float64, scratch)
    for start in range(0, len(theta), _BLOCK):
        place = slice(start, min(start + _BLOCK, len(theta)))
        scores[place] = mask_scores(*(vector[place] for vector in vectors))
        for vector in (*vectors, scores):
            release(vector)
    return scores


def default_budget(
    preset: Preset, layout: TargetLayout, theta0_fixed: np.ndarray, mask: np.ndarray, *, factor: Fraction | None = None
) -> dict[int, int]:
    """D of each touched chunk, from public values alone: by the default rule, or `factor` times the masked energy."""
    cut = ChunkedLayout.cut(layout, preset)
    bounds = {chunk: slice(*cut.bounds(chunk)) for chunk in touched_chunks(mask, cut)}
    return {chunk: _budget(theta0_fixed[place], mask[place], factor) for chunk, place in bounds.items()}


def _budget(theta0_fixed: np.ndarray, mask: np.ndarray, factor: Fraction | None) -> int:
    if factor is None:
        return chunk_budget(theta0_fixed, mask)
    return max(1, math.ceil(factor * masked_energy(theta0_fixed, mask)))


def fleet_gammas(provider: Provider, layout: TargetLayout, preset: Preset) -> list[tuple[int, ...]]:
    """γ̂ by chunk of every active enrolment of this layout and preset. Raises RefusedError if there is none."""
    cut, found = ChunkedLayout.cut(layout, preset), []
    for record in provider.ledger.enrolments():
        if record.replaced:
            continue
        enrolment = provider.load(Enrolment, record.digest, verify=False)  # the header alone: tensors are not needed
        if enrolment.layout == cut and enrolment.preset == preset.name:
            found.append(enrolment.gamma)
    if not found:
        raise RefusedError(
            "no client is enrolled for these tensors and this preset: admit enrolments before a request is made",
            code="no_enrolment", file=provider.ledger.path, field="layout", value=layout.pattern,
        )  # fmt: skip
    return found


def scale_forget_rows(
    rows: np.ndarray,
    layout: TargetLayout,
    preset: Preset,
    gammas: Sequence[Sequence[int]],
    *,
    scratch: str | os.PathLike[str] | None = None,
) -> np.ndarray:
    """int8 [K, W]: in each chunk at the public scale that gives the rows the norm of the fleet's typical gradient rows.

    `gammas` hold γ̂ by chunk of each enrolled client (see `fleet_gammas`); `scratch` is as in `Passes`.
    """
    cut = ChunkedLayout.cut(layout, preset)
    if rows.shape != (preset.forget_rows, cut.weights):
        raise InputError(
            f"must have shape ({preset.forget_rows}, {cut.weights})", code="shape", field="forget rows", value=rows.shape
        )
    integers = scratch_array(rows.shape, np.int8, scratch)
    for chunk in range(len(cut.chunks)):
        place = slice(*cut.bounds(chunk))
        norm = typical_row_norm([gamma[chunk] for gamma in gammas])
        piece = np.array(rows[:, place])
        integers[:, place] = quantize_forget_rows(piece, forget_scale(piece, norm))
        release(rows), release(integers)
    return integers
