"""The two models of a task: the provider's, trained from scratch, and the client's, tuned on private data."""

from __future__ import annotations

from functools import cache
from typing import Any

from zkapex_jax.models import new_model
from zkapex_jax.models.adapter import Model
from zkapex_jax.tasks import digits
from zkapex_jax.tasks.task import Task
from zkapex_jax.tasks.training import Params, Progress, train

#: A ViT of 0.2 M parameters. From scratch, an initializer_range of 0.02 (the library's default) stalls: 0.1 does not.
VIT_CONFIG: dict[str, Any] = {
    "model_type": "vit",
    "image_size": digits.SIZE,
    "patch_size": 4,
    "num_channels": digits.CHANNELS,
    "num_labels": digits.CLASSES,
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 256,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "initializer_range": 0.1,
}


@cache
def classifier() -> Model:
    """The network without parameters. One object serves all seeds, so that what is compiled for it is compiled once."""
    return new_model(VIT_CONFIG, 0)[0]


def base_model(task: Task, progress: Progress | None = None) -> tuple[Model, Params]:
    """The provider's model, trained on `task.base_train`; a function of the task's configuration and seed."""
    model, (_, params) = classifier(), new_model(VIT_CONFIG, task.seed)
    params, _ = train(model, params, task.base_train, task.config.base, task.seed, progress)
    return model, params


def personalise(task: Task, model: Model, params: Params, progress: Progress | None = None) -> Params:
    """The client's model: all weights tuned on `task.personal_train`, starting from the provider's."""
    tuned, _ = train(model, params, task.personal_train, task.config.personal, task.seed, progress)
    return tuned
