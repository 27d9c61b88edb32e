"""From a network to the integers of the statement: gradients, int8 rows, compensation, witness, on the toy preset."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zkapex_jax.curvature import clip_rows, per_example_gradients
from zkapex_jax.models import Model, chunk_bounds, flatten, new_model, select_targets, unflatten
from zkapex_jax.presets import TOY
from zkapex_jax.quantize import (
    forget_scale, from_fixed, gamma_of_rows, quantize_forget_rows, quantize_rows, to_fixed, typical_row_norm,
)  # fmt: skip
from zkapex_jax.witness import build_chunk, check_budget, masked_energy

VIT = {"model_type": "vit", "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
       "image_size": 8, "patch_size": 4, "num_channels": 1, "num_labels": 3, "initializer_range": 0.1}  # fmt: skip
OPT = {"model_type": "opt", "hidden_size": 16, "ffn_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
       "vocab_size": 64, "max_position_embeddings": 16, "word_embed_proj_dim": 16, "init_std": 0.1}  # fmt: skip


def examples_for(model: Model, count: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    if model.architecture == "vit":
        pixels = rng.normal(size=(count, 1, 8, 8)).astype(np.float32)
        return {"pixel_values": pixels, "labels": rng.integers(0, 3, count).astype(np.int32)}
    return {"input_ids": rng.integers(0, 64, (count, 12)).astype(np.int32)}


@pytest.mark.parametrize(("config", "pattern"), [(VIT, "**/intermediate/dense/kernel"), (OPT, "**/fc1/kernel")], ids=["vit", "opt"])
def test_network_to_witness(config: dict[str, Any], pattern: str) -> None:
    model, params = new_model(config, seed=3)
    layout = select_targets(params, pattern)
    rows = per_example_gradients(model.loss, params, layout, examples_for(model, TOY.client_rows, 1), 4)
    forget = per_example_gradients(model.loss, params, layout, examples_for(model, TOY.forget_rows, 2), 4)
    rows, theta = clip_rows(rows), to_fixed(flatten(params, layout))
    mask = np.random.default_rng(0).random(layout.weights) < 0.05
    bounds = chunk_bounds(layout.weights, TOY.capacity)
    assert len(bounds) == 2
    updated = np.empty_like(theta)
    for start, stop in bounds:
        place = slice(start, stop)
        gradients = quantize_rows(rows[:, place]).rows
        gamma = gamma_of_rows(gradients)
        zeroed = np.where(mask[place], 0, forget[:, place])
        public = quantize_forget_rows(zeroed, forget_scale(zeroed, typical_row_norm([gamma])))
        witness = build_chunk(theta[place], gradients, public, gamma, mask[place], TOY)
        assert 0 < witness.certificate.tightness <= 1
        check_budget(witness.sums, 20 * masked_energy(theta[place], mask[place]), TOY)
        updated[place] = witness.theta_u
    after = flatten(unflatten(params, layout, from_fixed(updated)), layout)
    assert not after[mask].any()
    np.testing.assert_array_equal(to_fixed(after), updated)
