"""Training: fewer nats after a few epochs, the same bytes from the same seed, progress to the end."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from zkapex_jax.errors import InputError
from zkapex_jax.models import new_model, select_targets
from zkapex_jax.presets import DEFAULT_PRESET, get_preset
from zkapex_jax.tasks import TASKS, Schedule, base_model, personalise, train
from zkapex_jax.tasks.task import build_task

SMALL = {"model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 1, "num_labels": 10, "hidden_size": 16,
         "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32, "initializer_range": 0.1}  # fmt: skip
SHORT = Schedule(epochs=3, batch=64, learning_rate=1e-3)




@pytest.fixture(scope="module")
def short_task():
    short = replace(TASKS["easy"], base=replace(SHORT, epochs=1), personal=replace(SHORT, epochs=1, batch=32))
    return build_task(short, 3)


@pytest.fixture(scope="module")
def trained(short_task):
    return base_model(short_task)


def same(left, right):
    return all(jax.tree.leaves(jax.tree.map(np.array_equal, left, right)))


def test_training_lowers_the_loss_reports_progress_and_repeats(short_task):
    model, params = new_model(SMALL, 1)
    before, seen = jax.tree.map(np.copy, params), []
    tuned, losses = train(model, params, short_task.base_train, SHORT, 0, lambda done, total: seen.append((done, total)))
    again, _ = train(model, params, short_task.base_train, SHORT, 0)
    assert losses[-1] < losses[0] and seen == [(1, 3), (2, 3), (3, 3)]
    assert all(isinstance(leaf, np.ndarray) and leaf.dtype == np.float32 for leaf in jax.tree.leaves(tuned))
    assert same(tuned, again) and not same(tuned, params) and same(before, params)


def test_the_base_model_follows_the_seed_alone(short_task, trained):
    assert same(trained[1], base_model(short_task)[1])


def test_personalising_lowers_the_private_loss(short_task, trained):
    model, params = trained
    tuned = personalise(short_task, model, params)
    loss = jax.jit(model.loss)
    assert loss(tuned, short_task.personal_train) < loss(params, short_task.personal_train)


@pytest.mark.parametrize("schedule", [replace(SHORT, epochs=0), replace(SHORT, batch=2000)])
def test_a_schedule_without_a_step_is_refused(short_task, trained, schedule):
    model, params = trained
    with pytest.raises(InputError):
        train(model, params, short_task.base_train, schedule, 0)


def test_the_network_has_enough_target_weights_for_two_chunks(trained):
    _, params = trained
    for config in TASKS.values():
        assert select_targets(params, config.pattern).weights > get_preset(DEFAULT_PRESET).capacity
