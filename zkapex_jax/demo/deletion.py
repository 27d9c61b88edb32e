"""The provider's deletion request: which weights go, which rows keep them gone, and how far a client may move the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zkapex_jax.demo.clock import Stage
from zkapex_jax.demo.scene import Scene
from zkapex_jax.presets import Preset
from zkapex_jax.workflow import Provider, fleet_gammas, plan_request, scale_forget_rows


@dataclass(frozen=True)
class Deletion:
    """mask bool [W]; forget rows f32 [K, W] and int8 [K, W] at their public scale; the budget D of each touched chunk."""

    mask: np.ndarray
    rows: np.ndarray
    integer_rows: np.ndarray
    budget: Mapping[int, int]


def plan_deletion(scene: Scene, preset: Preset, provider: Provider, running: Stage) -> Deletion:
    """From the provider's own model and data, and the public γ̂ of the clients in its ledger."""
    task = scene.task
    plan = plan_request(
        preset, loss_fn=scene.model.loss, params=scene.base, layout=scene.layout, forget=task.request_forget,
        retain=task.request_retain, sparsity=task.config.sparsity, on_progress=running.progress,
    )  # fmt: skip
    gammas = fleet_gammas(provider, scene.layout, preset)
    return Deletion(plan.mask, plan.rows, scale_forget_rows(plan.rows, scene.layout, preset, gammas), plan.budget)
