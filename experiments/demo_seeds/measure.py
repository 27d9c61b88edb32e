"""One run: train, unlearn, and read off every figure of the study."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from experiments.demo_seeds.config import StudyConfig
from experiments.demo_seeds.unlearn import Client, Params, Request, answer, enrol, make_request
from zkapex_jax.forget import budget, evaluate, masked_params
from zkapex_jax.forget.budget import masked_energy
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.targets import TargetLayout, chunk_bounds, select_targets, unflatten
from zkapex_jax.presets import Preset, get_preset
from zkapex_jax.quantize import from_fixed
from zkapex_jax.tasks import Task, base_model, get_task, personalise
from zkapex_jax.witness import ChunkWitness

Record = dict[str, Any]


def measure(config: StudyConfig, name: str, seed: int) -> Record:
    """The record of one run: accuracy of six models on three sets, figures of each chunk, seconds of each stage."""
    task, preset, clock = get_task(name, seed), get_preset(config.preset), _Clock()
    model, base = base_model(task)
    clock.lap("base")
    tuned = personalise(task, model, base)
    clock.lap("personalise")
    layout = select_targets(base, task.config.pattern)
    request = make_request(task, model, base, layout, preset, config.micro_batch)
    client = enrol(task, model, tuned, layout, preset, config.micro_batch)
    clock.lap("request and gradients")
    proven, plain = (answer(client, request, preset, with_forget_rows=rows) for rows in (True, False))
    clock.lap("witness")
    models = _models(base, tuned, layout, request, client, proven, plain)
    return {
        "task": name,
        "seed": seed,
        "digest": config.digest(name),
        "accuracy": {label: _accuracy(task, model, params) for label, params in models.items()},
        "chunks": _chunks(request, client, proven, preset),
        "seconds": clock.laps,
    }


def _models(base: Params, tuned: Params, layout: TargetLayout, request: Request, client: Client,
            proven: list[ChunkWitness], plain: list[ChunkWitness]) -> dict[str, Params]:  # fmt: skip
    """Compensated and masked models hold the integers of the statement, θ̂ / 2^16."""
    with_weights = lambda integers: unflatten(tuned, layout, from_fixed(integers))  # noqa: E731
    return {
        "base": base,
        "masked base": masked_params(base, layout, request.mask),
        "personalised": tuned,
        "masked": with_weights(np.where(request.mask, 0, client.theta).astype(np.int32)),
        "compensated": with_weights(np.concatenate([witness.theta_u for witness in proven])),
        "without forget rows": with_weights(np.concatenate([witness.theta_u for witness in plain])),
    }


def _accuracy(task: Task, model: Model, params: Params) -> dict[str, float]:
    return {name: found.accuracy for name, found in evaluate(model, params, task.tests).sets.items()}


def _chunks(request: Request, client: Client, witnesses: list[ChunkWitness], preset: Preset) -> list[Record]:
    records = []
    for index, (start, stop) in enumerate(chunk_bounds(len(client.theta), preset.capacity)):
        witness, mask, theta0 = witnesses[index], request.mask[start:stop], request.theta0[start:stop]
        records.append({
            "weights": stop - start,
            "masked": int(mask.sum()),
            "gamma": client.gammas[index],
            "flips": witness.flips,
            "t1_used": witness.sums.t1 / witness.t1,
            "t2_used": witness.sums.t2 / witness.t2,
            "moved": witness.sums.d / max(1, masked_energy(theta0, mask)),
            "budget_used": witness.sums.d / budget(theta0, mask),
            "true_distance": witness.certificate.true_distance,
            "certified_distance": witness.certificate.certified_distance,
        })  # fmt: skip
    return records


class _Clock:
    """Seconds between laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self._last = now - self._last, now
