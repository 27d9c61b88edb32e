"""Splits without leakage, data that follow the seed alone, and the shift of the client's domain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.tasks import TASKS, get_task
from zkapex_jax.tasks.digits import COUNT, load
from zkapex_jax.tasks.shift import DomainShift
from zkapex_jax.tasks.splits import SplitSizes, interleave_classes, split

SETS = ("base_train", "request_forget", "request_retain", "forget", "retain", "personal_train", "personal_test")


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_splits_cover_the_data_once(seed):
    labels = load()[1]
    splits = split(labels, (3, 8), SplitSizes(900, 240, 160), np.random.default_rng(seed))
    assert sorted(np.concatenate(list(vars(splits).values()))) == list(range(COUNT))
    assert set(labels[splits.forget]) == {3, 8} and set(labels[splits.base_train]) == set(range(10))
    for name in ("retain", "personal_train", "personal_test"):
        assert not np.isin(labels[getattr(splits, name)], (3, 8)).any()


@pytest.mark.parametrize("sizes", [(0, 240, 160), (900, 0, 160), (900, 240, 0), (900, 800, 160), (1797, 1, 1)])
def test_sizes_that_leave_a_set_empty_are_refused(sizes):
    with pytest.raises(InputError):
        split(load()[1], (3, 8), SplitSizes(*sizes), np.random.default_rng(0))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_classes_take_turns(labels):
    labels = np.array(labels)
    order = interleave_classes(labels)
    assert sorted(order) == list(range(len(labels)))
    for n in range(1, len(labels) + 1):
        taken = np.bincount(labels[order[:n]], minlength=5)
        left = np.bincount(labels, minlength=5) - taken
        assert taken.max() - taken[left > 0].min(initial=taken.max()) <= 1


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_a_function_of_its_seed(name):
    first, again, other = get_task(name, 5), get_task(name, 5), get_task(name, 6)
    for field in SETS:
        ours, same = getattr(first, field), getattr(again, field)
        assert all(np.array_equal(ours[key], same[key]) for key in ("pixel_values", "labels"))
        assert ours["pixel_values"].dtype == np.float32 and ours["labels"].dtype == np.int32
        assert ours["pixel_values"].shape == (len(ours["labels"]), 1, 8, 8)
        assert 0 <= ours["pixel_values"].min() and ours["pixel_values"].max() <= 1
    assert not np.array_equal(first.forget["pixel_values"], other.forget["pixel_values"])


@pytest.mark.parametrize("name", TASKS)
def test_the_request_is_made_from_training_images_alone(name):
    task = get_task(name, 1)
    known = {image.tobytes() for image in task.base_train["pixel_values"]}
    for part in (task.request_forget, task.request_retain):
        assert {image.tobytes() for image in part["pixel_values"]} <= known
    assert set(task.request_forget["labels"]) == set(task.config.forgotten) == set(task.forget["labels"])
    for part in (task.request_retain, task.retain, task.personal_train, task.personal_test):
        assert not np.isin(part["labels"], task.config.forgotten).any()


def test_a_quarter_turn_moves_whole_pixels():
    images = load()[0][:5]
    turned = DomainShift(90.0, 0.0, 1.0, 0.0).apply(images, np.random.default_rng(0))
    assert np.allclose(turned, np.rot90(images, 1, axes=(1, 2)), atol=1e-5)


def test_no_shift_is_the_identity():
    images = load()[0][:5]
    assert np.allclose(DomainShift(0.0, 0.0, 1.0, 0.0).apply(images, np.random.default_rng(0)), images, atol=1e-6)


@pytest.mark.parametrize(("name", "seed"), [("medium", 0), ("easy", -1), ("easy", 1.0), ("easy", True)])
def test_unknown_tasks_and_seeds_are_refused(name, seed):
    with pytest.raises(InputError):
        get_task(name, seed)
