"""Forget rows against gradients taken group by group; evaluation against one example at a time."""

import jax
import numpy as np
import pytest

from zkapex_jax.errors import InputError
from zkapex_jax.forget import evaluate, forget_rows, masked_params
from zkapex_jax.forget.rows import group_examples
from zkapex_jax.models import flatten, new_model, select_targets

CONFIG = {"model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 1, "num_labels": 3, "hidden_size": 8,
          "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 12, "initializer_range": 0.2}  # fmt: skip
COUNT = 11


@pytest.fixture(scope="module")
def setting():
    model, params = new_model(CONFIG, 1)
    layout = select_targets(params, "vit/encoder/layer/*/*/dense/kernel")
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, COUNT).astype(np.int32)
    examples = {"pixel_values": rng.random((COUNT, 1, 8, 8), np.float32), "labels": labels}
    return model, params, layout, examples, rng.random(layout.weights) < 0.1


def slow_rows(model, params, examples, count, layout, mask):
    """Gradient of each group's mean loss at the masked model, group by group; labels are 0, 1, 2."""
    weights, rows, gradient = masked_params(params, layout, mask), [], jax.jit(jax.grad(model.loss))
    order = [i for label in range(3) for i in range(COUNT) if examples["labels"][i] == label]
    for k in range(count):
        members = [order[place] for place in range(COUNT) if place * count // COUNT == k]
        group = {field: array[members] for field, array in examples.items()}
        row = flatten(gradient(weights, group), layout)
        rows.append(np.where(mask, 0.0, row))
    return np.stack(rows)


@pytest.mark.parametrize("count", [1, 3])
def test_rows_equal_the_slow_twin_and_are_zero_on_the_mask(setting, count):
    model, params, layout, examples, mask = setting
    rows = forget_rows(model.loss, params, examples, count, layout, mask, micro_batch=4)
    slow = slow_rows(model, params, examples, count, layout, mask)
    assert rows.shape == (count, layout.weights) and rows.dtype == np.float32
    assert not rows[:, mask].any()
    assert np.allclose(rows, slow, atol=1e-6 * np.abs(slow).max() + 1e-7)


def test_groups_are_even_and_as_pure_as_they_can_be():
    labels = np.array([3, 8] * 20)
    groups = group_examples({"labels": labels}, 8)
    assert np.bincount(groups).tolist() == [5] * 8
    assert all(len(set(labels[groups == group])) == 1 for group in range(8))
    tokens = np.zeros((7, 4), np.int32)
    assert group_examples({"input_ids": tokens, "labels": tokens}, 3).tolist() == [0, 0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("count", [0, COUNT + 1, 2.0])
def test_a_bad_number_of_rows_is_refused(setting, count):
    model, params, layout, examples, mask = setting
    with pytest.raises(InputError):
        forget_rows(model.loss, params, examples, count, layout, mask)


@pytest.mark.parametrize("change", [lambda m: m[:-1], lambda m: m.astype(np.uint8)])
def test_a_malformed_mask_is_refused(setting, change):
    model, params, layout, examples, mask = setting
    with pytest.raises(InputError):
        forget_rows(model.loss, params, examples, 2, layout, change(mask))


def test_masking_zeroes_the_mask_and_nothing_else(setting):
    _, params, layout, _, mask = setting
    before, after = flatten(params, layout), flatten(masked_params(params, layout, mask), layout)
    assert not after[mask].any() and np.array_equal(before[~mask], after[~mask])
    assert np.array_equal(before, flatten(params, layout))


@pytest.mark.parametrize("batch", [4, 64])
def test_evaluation_equals_counting_one_by_one(setting, batch):
    model, params, _, examples, _ = setting
    found = evaluate(model, params, {"all": examples}, batch).sets["all"]
    predicted = np.asarray(model.logits(params, examples)).argmax(axis=-1)
    hits = predicted == examples["labels"]
    assert found.examples == COUNT and found.accuracy == pytest.approx(hits.mean())
    assert found.by_class == {c: pytest.approx(hits[examples["labels"] == c].mean()) for c in set(examples["labels"])}


@pytest.mark.parametrize("cut", [lambda e: {k: v[:0] for k, v in e.items()}, lambda e: e | {"labels": e["labels"][1:]}])
def test_an_empty_or_uneven_set_is_refused(setting, cut):
    model, params, _, examples, _ = setting
    with pytest.raises(InputError) as error:
        evaluate(model, params, {"broken": cut(examples)})
    assert error.value.field == "broken"
