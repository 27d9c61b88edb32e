"""Two tiny models, randomly initialised, and a few examples for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zkapex_jax.models import Model, new_model

VIT = {"model_type": "vit", "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
       "image_size": 8, "patch_size": 4, "num_channels": 1, "num_labels": 3, "initializer_range": 0.1}  # fmt: skip
OPT = {"model_type": "opt", "hidden_size": 8, "ffn_dim": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
       "vocab_size": 64, "max_position_embeddings": 16, "word_embed_proj_dim": 8, "init_std": 0.1}  # fmt: skip


@pytest.fixture(scope="session", params=[VIT, OPT], ids=["vit", "opt"])
def tiny(request: pytest.FixtureRequest) -> tuple[Model, dict[str, Any], dict[str, np.ndarray]]:
    """(model, params, 5 examples)."""
    rng = np.random.default_rng(1)
    model, params = new_model(request.param, seed=1)
    if model.architecture == "vit":
        pixels = rng.normal(size=(5, 1, 8, 8)).astype(np.float32)
        return model, params, {"pixel_values": pixels, "labels": np.arange(5, dtype=np.int32) % 3}
    return model, params, {"input_ids": rng.integers(0, 64, (5, 7)).astype(np.int32)}
