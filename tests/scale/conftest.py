"""Both architectures in sizes that take seconds, under the names of the published ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from zkapex_jax.workflow import Toolchain, open_toolchain
from zkapex_jax.workflow.scale import models as scale_models

VIT = {"hidden_size": 16, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": 16, "patch_size": 4,
       "num_channels": 1, "initializer_range": 0.2}  # fmt: skip
OPT = {"hidden_size": 8, "ffn_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 64,
       "max_position_embeddings": 16, "word_embed_proj_dim": 8, "init_std": 0.2}  # fmt: skip


@pytest.fixture(scope="session")
def small_models() -> Iterator[None]:
    """vit-b16 with 3,072 target weights (4 chunks of the toy preset), opt-125m with 1,024 (2 chunks)."""
    published = scale_models.SCALE_MODELS
    changed = {"vit-b16": (VIT, 3), "opt-125m": (OPT, 2)}
    small = {
        name: replace(published[name], config={**published[name].config, **sizes}, micro_batch=batch)
        for name, (sizes, batch) in changed.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scale_models, "SCALE_MODELS", small)
        yield


@pytest.fixture(scope="session")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    return open_toolchain("toy", folder=tmp_path_factory.mktemp("tools"))
