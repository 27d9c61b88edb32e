"""The task of one seed, from the demonstration's data and network."""

from __future__ import annotations

import numpy as np

from experiments.digits.config import DigitsConfig
from experiments.lab.task import Params, Task, take, tune_all
from zkapex_jax.models import new_model
from zkapex_jax.tasks.network import VIT_CONFIG, classifier
from zkapex_jax.tasks.task import TaskConfig, build_task


def task_of(config: DigitsConfig, seed: int, name: str = "digits") -> Task:
    """A function of the configuration, the seed and the task's name, which chooses the sizes of the statement."""
    data, model = build_task(_task_config(config), seed), classifier()
    gone = np.isin(data.base_train["labels"], config.forgotten)
    return Task(
        name=name,
        seed=seed,
        kind="vision",
        model=model,
        fresh=_fresh,
        base=config.base,
        personal=config.personal,
        base_forget=take(data.base_train, gone),
        base_retain=take(data.base_train, ~gone),
        personal_train=data.personal_train,
        tests=dict(data.tests),
        request_forget=data.request_forget,
        request_retain=data.request_retain,
        pattern=config.pattern,
        sparsity=config.sparsity,
        preset=config.served if name == "digits-served" else config.preset,
        personalise=tune_all(model, data.personal_train, config.personal, seed),
    )


def _fresh(seed: int) -> Params:
    return new_model(VIT_CONFIG, seed)[1]


def _task_config(config: DigitsConfig) -> TaskConfig:
    return TaskConfig("digits", "digits on their side", config.forgotten, config.shift, config.sizes, config.base, config.personal,
                      config.pattern, config.sparsity, config.request_retain)  # fmt: skip
