"""Labels drawn from the model's own predictions."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from zkapex_jax.errors import InputError
from zkapex_jax.models import new_model
from zkapex_jax.models.drawing import draws

VIT = {"model_type": "vit", "image_size": 4, "patch_size": 2, "num_channels": 1, "num_labels": 3, "hidden_size": 8,
       "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}  # fmt: skip
OPT = {"model_type": "opt", "vocab_size": 11, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "ffn_dim": 8,
       "max_position_embeddings": 16, "word_embed_proj_dim": 8, "pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 2}  # fmt: skip


def test_a_classifiers_labels_follow_its_predictions() -> None:
    model, params = new_model(VIT, 0)
    params["classifier"]["bias"] = np.array([2.0, 0.0, -9.0], np.float32)
    pixels = np.random.default_rng(0).normal(size=(5, 1, 4, 4)).astype(np.float32)
    examples = {"pixel_values": pixels, "labels": np.full(5, 2, np.int32)}
    parts = list(draws(model, params, examples, 2003, seed=1, batch=100))
    assert [len(part["labels"]) for part in parts] == [100] * 20 + [3]
    np.testing.assert_array_equal(np.concatenate([part["pixel_values"] for part in parts]), pixels[np.arange(2003) % 5])
    found = np.bincount(np.concatenate([part["labels"] for part in parts]), minlength=3) / 2003
    expected = np.asarray(jax.nn.softmax(model.logits(params, examples))).mean(axis=0)
    np.testing.assert_allclose(found, expected, atol=0.04)


def test_a_language_models_text_stays_and_its_next_tokens_are_drawn() -> None:
    model, params = new_model(OPT, 0)
    tokens = np.random.default_rng(0).integers(0, 11, (4, 9)).astype(np.int32)
    examples = {"input_ids": tokens, "labels": tokens}
    one, again, other = (next(iter(draws(model, params, examples, 4, seed=seed))) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one["input_ids"], tokens)
    np.testing.assert_array_equal(one["labels"], again["labels"])
    assert (one["labels"] != other["labels"]).any()
    np.testing.assert_array_equal(one["labels"][:, 0], tokens[:, 0])
    assert model.loss(params, one).shape == ()


@pytest.mark.parametrize(("count", "batch"), [(0, 1), (1, 0), (True, 1)])
def test_counts_are_checked(count: int, batch: int) -> None:
    model, params = new_model(OPT, 0)
    with pytest.raises(InputError):
        list(draws(model, params, {"input_ids": np.zeros((1, 4), np.int32)}, count, 0, batch))


@pytest.mark.parametrize("config", [VIT, OPT], ids=["vit", "opt"])
def test_each_draw_may_depend_on_its_own_number_alone(config: dict) -> None:
    model, params = new_model(config, 0)
    random = np.random.default_rng(0)
    if config is VIT:
        examples = {"pixel_values": random.normal(size=(3, 1, 4, 4)).astype(np.float32), "labels": np.zeros(3, np.int32)}
    else:
        examples = {"input_ids": random.integers(0, 11, (3, 9)).astype(np.int32)}
    one, many, late = (
        np.concatenate([part["labels"] for part in draws(model, params, examples, 20, 5, batch, first=first, each=True)])
        for batch, first in ((1, 0), (7, 0), (4, 6))
    )
    np.testing.assert_array_equal(one, many)
    np.testing.assert_array_equal(one[6:], late)
    np.testing.assert_array_equal(one, np.concatenate([part["labels"] for part in draws(model, params, examples, 20, 5, 1)]))


def test_labels_that_are_ignored_stay_so() -> None:
    model, params = new_model(OPT, 0)
    tokens = np.random.default_rng(0).integers(0, 11, (2, 6)).astype(np.int32)
    labels = np.where(np.arange(6) < 4, -100, tokens).astype(np.int32)
    drawn = next(iter(draws(model, params, {"input_ids": tokens, "labels": labels}, 2, 0)))["labels"]
    np.testing.assert_array_equal(drawn[:, :4], -100)
    assert (drawn[:, 4:] >= 0).all()
