"""One deletion request and one client's answer to it, in the integers of the statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zkapex_jax.curvature import clip_rows, gradient_moments, per_example_gradients
from zkapex_jax.forget import forget_rows, mask_scores, select_mask
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.targets import TargetLayout, chunk_bounds, flatten
from zkapex_jax.presets import Preset
from zkapex_jax.quantize import (
    forget_scale,
    gamma_of_rows,
    quantize_forget_rows,
    quantize_rows,
    to_fixed,
    typical_row_norm,
)
from zkapex_jax.tasks import Task
from zkapex_jax.witness import ChunkWitness, build_chunk

Params = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What the provider publishes: mask bool [W], forget rows f32 [K, W], and its base weights i32 [W]."""

    mask: np.ndarray
    forget: np.ndarray
    theta0: np.ndarray


@dataclass(frozen=True)
class Client:
    """What the client enrols: weights i32 [W], and int8 gradient rows [n, d] with their damping for each chunk."""

    theta: np.ndarray
    rows: tuple[np.ndarray, ...]
    gammas: tuple[int, ...]


def make_request(task: Task, model: Model, base: Params, layout: TargetLayout, preset: Preset, micro_batch: int) -> Request:
    """Mask and forget rows from the provider's own training images and base model."""
    moments = [gradient_moments(model.loss, base, layout, examples, micro_batch)
               for examples in (task.request_forget, task.request_retain)]  # fmt: skip
    weights = flatten(base, layout).astype(np.float64)
    scores = mask_scores(moments[0].mean, moments[0].fisher, moments[1].mean, moments[1].fisher, weights)
    mask = select_mask(scores, task.config.sparsity)
    rows = forget_rows(model.loss, base, task.request_forget, preset.forget_rows, layout, mask, micro_batch)
    return Request(mask, rows, to_fixed(weights))


def enrol(task: Task, model: Model, tuned: Params, layout: TargetLayout, preset: Preset, micro_batch: int) -> Client:
    """Gradient rows of the client's first n private training images, clipped whole and quantised chunk by chunk."""
    examples = {field: array[: preset.client_rows] for field, array in task.personal_train.items()}
    gradients = per_example_gradients(model.loss, tuned, layout, examples, micro_batch)
    clipped = clip_rows(gradients, out=gradients)
    rows = tuple(quantize_rows(clipped[:, start:stop]).rows for start, stop in chunk_bounds(layout.weights, preset.capacity))
    theta = to_fixed(flatten(tuned, layout).astype(np.float64))
    return Client(theta, rows, tuple(map(gamma_of_rows, rows)))


def answer(client: Client, request: Request, preset: Preset, *, with_forget_rows: bool = True) -> list[ChunkWitness]:
    """The client's witness of every chunk; without forget rows, what compensation alone would do."""
    witnesses = []
    for index, (start, stop) in enumerate(chunk_bounds(len(client.theta), preset.capacity)):
        gamma, rows = client.gammas[index], request.forget[:, start:stop]
        forget = quantize_forget_rows(rows, forget_scale(rows, typical_row_norm([gamma])))
        forget = forget if with_forget_rows else np.zeros_like(forget)
        witnesses.append(build_chunk(client.theta[start:stop], client.rows[index], forget, gamma,
                                     request.mask[start:stop], preset))  # fmt: skip
    return witnesses
