"""The two tasks served. Their constants were chosen on seeds 100 to 107, apart from the seeds of any reported study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from zkapex_jax.errors import InputError
from zkapex_jax.tasks.shift import DomainShift
from zkapex_jax.tasks.splits import SplitSizes
from zkapex_jax.tasks.task import Task, TaskConfig, build_task
from zkapex_jax.tasks.training import Schedule

EASY = TaskConfig(
    name="easy",
    title="slightly turned digits",
    forgotten=(3, 8),
    shift=DomainShift(rotation=8.0, jitter=3.0, contrast=0.9, noise=0.03),
    sizes=SplitSizes(base_train=900, retain_test=240, personal_train=160),
    base=Schedule(epochs=40, batch=64, learning_rate=1e-3),
    personal=Schedule(epochs=30, batch=32, learning_rate=5e-4),
    pattern="vit/encoder/layer/*/intermediate/dense/kernel",
    sparsity=0.08,
    request_retain=512,
)

HARD = replace(
    EASY,
    name="hard",
    title="digits on their side",
    shift=DomainShift(rotation=90.0, jitter=3.0, contrast=0.85, noise=0.05),
    sparsity=0.12,
)

TASKS: Mapping[str, TaskConfig] = MappingProxyType({config.name: config for config in (EASY, HARD)})


def get_task(name: str, seed: int = 0) -> Task:
    """The task of that name with the data of that seed.

    Raises:
        InputError: there is no such task, or the seed is not a non-negative integer.
    """
    if name not in TASKS:
        raise InputError(f"unknown task; known are {', '.join(TASKS)}", code="task", field="task", value=name)
    if type(seed) is not int or seed < 0:
        raise InputError("must be a non-negative integer", code="task", field="seed", value=seed)
    return build_task(TASKS[name], seed)
