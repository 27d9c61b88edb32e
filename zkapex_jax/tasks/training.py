"""Training in jitted epochs, deterministic from the seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from zkapex_jax.errors import InputError
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.examples import Examples

Params = dict[str, Any]
Progress = Callable[[int, int], None]  # (epochs done, epochs in all)


@dataclass(frozen=True)
class Schedule:
    """AdamW with a linear warm-up over a tenth of the steps and a cosine decay to zero."""

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.01

    def optimizer(self, steps: int) -> optax.GradientTransformation:
        """The optimiser of a run of that many steps."""
        rate = optax.warmup_cosine_decay_schedule(0.0, self.learning_rate, max(1, steps // 10), steps)
        return optax.adamw(rate, weight_decay=self.weight_decay)


def train(model: Model, params: Params, examples: Examples, schedule: Schedule, seed: int,
          progress: Progress | None = None) -> tuple[Params, list[float]]:  # fmt: skip
    """Trained parameters (float32 NumPy tree) and the mean loss of each epoch, in nats.

    Each epoch visits the examples in a fresh order and drops the last partial batch. `params` is left as it was.

    Raises:
        InputError: the schedule has no epoch, or there are fewer examples than one batch.
    """
    count = len(examples["labels"]) // schedule.batch
    for field, value in (("epochs", schedule.epochs), ("examples", count)):
        if value < 1:
            raise InputError("is too small to train on", code="schedule", field=field, value=value)
    optimizer, run = _compiled(model, schedule, schedule.epochs * count)
    data = jax.tree.map(jnp.asarray, dict(examples))
    state = (jax.tree.map(jnp.asarray, params), optimizer.init(params))
    rng, losses = np.random.default_rng(seed), []
    for epoch in range(schedule.epochs):
        order = rng.permutation(len(examples["labels"]))[: count * schedule.batch]
        state, loss = run(state, data, jnp.asarray(order.reshape(count, schedule.batch)))
        losses.append(float(loss))
        if progress is not None:
            progress(epoch + 1, schedule.epochs)
    return jax.tree.map(np.asarray, state[0]), losses


@lru_cache(maxsize=8)
def _compiled(model: Model, schedule: Schedule, steps: int) -> tuple[optax.GradientTransformation, Any]:
    """Optimiser and jitted epoch; runs of one model and schedule, whatever their seed, compile once."""
    optimizer = schedule.optimizer(steps)
    return optimizer, jax.jit(partial(_epoch, model, optimizer))


def _epoch(model: Model, optimizer: optax.GradientTransformation, state: Any, data: Examples, batches: jax.Array) -> Any:
    """One pass over batches of indices [steps, batch]; new state and the mean loss."""

    def step(state: Any, indices: jax.Array) -> Any:
        params, memory = state
        batch = {field: values[indices] for field, values in data.items()}
        loss, gradient = jax.value_and_grad(model.loss)(params, batch)
        updates, memory = optimizer.update(gradient, memory, params)
        return (optax.apply_updates(params, updates), memory), loss

    state, losses = jax.lax.scan(step, state, batches)
    return state, losses.mean()
