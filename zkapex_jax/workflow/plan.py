"""From a base model and two data sets to a request's mask, forget rows and budget (the provider's side)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from zkapex_jax.curvature import gradient_moments
from zkapex_jax.curvature.gradients import Examples, LossFunction
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.forget import budget as chunk_budget
from zkapex_jax.forget import forget_rows, mask_scores, select_mask
from zkapex_jax.forget.budget import masked_energy
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.models.targets import flatten
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import ChunkedLayout, Enrolment
from zkapex_jax.protocol.masks import touched_chunks
from zkapex_jax.prover import OnProgress, tell
from zkapex_jax.quantize import forget_scale, quantize_forget_rows, to_fixed, typical_row_norm
from zkapex_jax.workflow.folders import Provider


@dataclass(frozen=True)
class RequestPlan:
    """Mask bool [W], forget rows float32 [K, W] in nats a unit of weight, and D of each touched chunk."""

    mask: np.ndarray
    rows: np.ndarray
    budget: Mapping[int, int]


def plan_request(
    preset: Preset,
    *,
    loss_fn: LossFunction,
    params: Any,
    layout: TargetLayout,
    forget: Examples,
    retain: Examples,
    sparsity: float,
    budget_factor: Fraction | None = None,
    micro_batch: int = 8,
    on_progress: OnProgress | None = None,
) -> RequestPlan:
    """Score every target weight of the base model, mask the `sparsity` share of highest score, add forget rows.

    `budget_factor`: D as a multiple of the masked base weights' energy; None takes the measured default.
    """
    stages = ("forget moments", "retain moments", "forget rows", "plan")
    tell(on_progress, stages[0], 0, 3)
    of_forget = gradient_moments(loss_fn, params, layout, forget, micro_batch)
    tell(on_progress, stages[1], 1, 3)
    of_retain = gradient_moments(loss_fn, params, layout, retain, micro_batch)
    theta = flatten(params, layout)
    scores = mask_scores(of_forget.mean, of_forget.fisher, of_retain.mean, of_retain.fisher, theta)
    mask = select_mask(scores, sparsity)
    tell(on_progress, stages[2], 2, 3)
    rows = forget_rows(loss_fn, params, forget, preset.forget_rows, layout, mask, micro_batch)
    tell(on_progress, stages[3], 3, 3)
    budget = default_budget(preset, layout, to_fixed(np.asarray(theta, np.float64)), mask, factor=budget_factor)
    return RequestPlan(mask, rows, budget)


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


def scale_forget_rows(rows: np.ndarray, layout: TargetLayout, preset: Preset, gammas: Sequence[Sequence[int]]) -> np.ndarray:
    """int8 [K, W]: in each chunk at the public scale that gives the rows the norm of the fleet's typical gradient rows.

    `gammas` hold γ̂ by chunk of each enrolled client (see `fleet_gammas`).
    """
    cut = ChunkedLayout.cut(layout, preset)
    if rows.shape != (preset.forget_rows, cut.weights):
        raise InputError(
            f"must have shape ({preset.forget_rows}, {cut.weights})", code="shape", field="forget rows", value=rows.shape
        )
    integers = np.empty(rows.shape, np.int8)
    for chunk in range(len(cut.chunks)):
        place = slice(*cut.bounds(chunk))
        norm = typical_row_norm([gamma[chunk] for gamma in gammas])
        integers[:, place] = quantize_forget_rows(rows[:, place], forget_scale(rows[:, place], norm))
    return integers
