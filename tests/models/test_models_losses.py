"""Losses against plain NumPy, and examples from outside."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.models import Model, check_examples, model_class
from zkapex_jax.models import losses as fast

Tiny = tuple[Model, dict[str, Any], dict[str, np.ndarray]]


def cross_entropy(scores: np.ndarray, label: int) -> float:
    scores = scores.astype(np.float64)
    return float(np.log(np.exp(scores - scores.max()).sum()) + scores.max() - scores[label])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(2, 6))
def test_classification(seed: int, count: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(scale=20, size=(count, classes)).astype(np.float32), rng.integers(0, classes, count)
    expected = [cross_entropy(row, label) for row, label in zip(logits, labels, strict=True)]
    np.testing.assert_allclose(fast.classification_losses(logits, labels), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(fast.classification_hits(logits, labels), logits.argmax(1) == labels)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_next_token(seed: int, tokens: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=5, size=(3, tokens, 4)).astype(np.float32)
    labels = rng.choice([0, 1, 2, 3, fast.IGNORED_LABEL], (3, tokens))
    attended = rng.integers(0, 2, (3, tokens))
    losses, hits = [], []
    for i in range(3):
        counted = [t for t in range(1, tokens) if attended[i, t] and labels[i, t] != fast.IGNORED_LABEL]
        losses.append(sum(cross_entropy(logits[i, t - 1], labels[i, t]) for t in counted) / max(len(counted), 1))
        hits.append(sum(logits[i, t - 1].argmax() == labels[i, t] for t in counted) / max(len(counted), 1))
    np.testing.assert_allclose(fast.next_token_losses(logits, labels, attended), losses, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(fast.next_token_hits(logits, labels, attended), hits, rtol=1e-6)


def test_loss_of_a_batch_is_the_mean_over_examples(tiny: Tiny) -> None:
    model, params, examples = tiny
    one, losses = jax.jit(model.loss), jax.jit(model.losses)(params, examples)
    each = [one(params, {field: array[i : i + 1] for field, array in examples.items()}) for i in range(5)]
    np.testing.assert_allclose(losses, each, rtol=1e-5)
    np.testing.assert_allclose(one(params, examples), np.mean(each), rtol=1e-5)
    assert jax.jit(model.hits)(params, examples).shape == (5,)


def test_dropout_needs_a_key(tiny: Tiny) -> None:
    model, params, examples = tiny
    loss = jax.jit(model.loss)
    still, moved = loss(params, examples), loss(params, examples, jax.random.PRNGKey(0))
    assert still == loss(params, examples)
    assert (moved != still) == (model.architecture == "opt")  # the ViT configuration has no dropout


def test_padding_does_not_count() -> None:
    logits = np.random.default_rng(0).normal(size=(1, 6, 4)).astype(np.float32)
    labels, attended = np.array([[0, 1, 2, 3, 0, 0]]), np.array([[1, 1, 1, 1, 0, 0]])
    whole = fast.next_token_losses(logits, labels, attended)
    np.testing.assert_allclose(whole, fast.next_token_losses(logits[:, :4], labels[:, :4], attended[:, :4]), rtol=1e-6)


def test_good_examples_pass(tiny: Tiny) -> None:
    model, _, examples = tiny
    wide = {k: v.astype(np.float64 if v.dtype.kind == "f" else np.int64) for k, v in examples.items()}
    checked = check_examples(model, wide)
    assert {k: v.dtype for k, v in checked.items()} == {k: v.dtype for k, v in examples.items()}


PIXELS, LABELS, TOKENS = np.zeros((2, 1, 8, 8), np.float32), np.array([0, 2]), np.array([[0, 63], [1, 2]])
BAD = {
    "vit": [
        {},
        {"pixel_values": PIXELS},
        {"labels": LABELS},
        {"pixel_values": PIXELS, "labels": LABELS, "extra": LABELS},
        {"pixel_values": PIXELS[:, :, :7], "labels": LABELS},
        {"pixel_values": np.moveaxis(PIXELS, 1, 3), "labels": LABELS},
        {"pixel_values": PIXELS.astype(np.uint8), "labels": LABELS},
        {"pixel_values": PIXELS * np.nan, "labels": LABELS},
        {"pixel_values": PIXELS + np.inf, "labels": LABELS},
        {"pixel_values": PIXELS[:0], "labels": LABELS[:0]},
        {"pixel_values": PIXELS, "labels": LABELS[:1]},
        {"pixel_values": PIXELS, "labels": LABELS + 1},
        {"pixel_values": PIXELS, "labels": LABELS - 1},
        {"pixel_values": PIXELS, "labels": LABELS.astype(float)},
    ],
    "opt": [
        {},
        {"input_ids": TOKENS + 1},
        {"input_ids": TOKENS - 1},
        {"input_ids": TOKENS[:, :1]},
        {"input_ids": TOKENS[0]},
        {"input_ids": np.zeros((2, 17), int)},
        {"input_ids": TOKENS.astype(float)},
        {"input_ids": TOKENS, "attention_mask": TOKENS},
        {"input_ids": TOKENS, "attention_mask": np.ones((2, 3), int)},
        {"input_ids": TOKENS, "attention_mask": np.ones((1, 2), int)},
        {"input_ids": TOKENS, "labels": TOKENS + 1},
        {"input_ids": TOKENS, "labels": TOKENS - 101},
        {"input_ids": TOKENS, "pixel_values": PIXELS},
    ],
}


def test_bad_examples(tiny: Tiny) -> None:
    for bad in BAD[tiny[0].architecture]:
        with pytest.raises(InputError) as error:
            check_examples(tiny[0], bad)
        assert error.value.field in {"pixel_values", "labels", "input_ids", "attention_mask", "extra"}


@pytest.mark.parametrize("name", [None, "", "bert", 3])
def test_unknown_architecture(name: object) -> None:
    with pytest.raises(InputError, match="opt"):
        model_class(name)
