"""The provider's deletion request: which weights go, which rows keep them gone, and how far a client may move the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zkapex_jax.demo.clock import Stage
from zkapex_jax.demo.scene import Scene
from zkapex_jax.errors import InternalError
from zkapex_jax.forget.rows import masked_params
from zkapex_jax.presets import Preset
from zkapex_jax.quantize import to_fixed
from zkapex_jax.workflow import Passes, Provider, default_budget, fleet_gammas, plan_request, scale_forget_rows


@dataclass(frozen=True)
class Deletion:
    """mask bool [W]; forget rows f32 [K, W] and int8 [K, W] at their public scale; the budget D of each touched chunk."""

    mask: np.ndarray
    rows: np.ndarray
    integer_rows: np.ndarray
    budget: Mapping[int, int]


def plan_deletion(scene: Scene, preset: Preset, provider: Provider, index: int, forgotten: np.ndarray, running: Stage) -> Deletion:
    """From the provider's own model and data, and the public γ̂ of the clients in its ledger.

    `forgotten` bool [W]: weights of earlier masks. The provider zeroed them in its own model too, so that the scores of a
    later request are those of what is left; should a zero among them score high, it is left out of the new mask.
    """
    forget, retain = scene.request_data(index)
    plan = plan_request(
        preset, Passes(scene.model.loss, scene.layout, on_progress=running.progress), masked_params(scene.base, scene.layout, forgotten),
        forget, retain, sparsity=scene.task.config.sparsity,
    )  # fmt: skip
    mask = plan.mask & ~forgotten
    if not mask.any():
        raise InternalError("masks only what was forgotten before", code="empty_mask", field=f"request {index + 1}")
    budget = default_budget(preset, scene.layout, to_fixed(scene.base_weights.astype(np.float64)), mask)
    gammas = fleet_gammas(provider, scene.layout, preset)
    return Deletion(mask, plan.rows, scale_forget_rows(plan.rows, scene.layout, preset, gammas), budget)
