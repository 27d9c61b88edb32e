"""Synthetic chunks on the toy preset, with gradients that look like a network's: heavy tails, partly correlated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from zkapex_jax.presets import TOY
from zkapex_jax.quantize import gamma_of_rows

Chunk = dict[str, Any]


def synthetic_chunk(seed: int, weights: int = TOY.capacity, correlation: float = 0.0, share: float = 0.05) -> Chunk:
    """Arguments of `build_chunk`."""
    rng = np.random.default_rng(seed)
    scale = 12 * np.exp(0.8 * rng.normal(size=weights) - 0.64)
    own, common = rng.normal(size=(TOY.rows, weights)), rng.normal(size=weights)
    rows = np.rint(scale * (np.sqrt(1 - correlation) * own + np.sqrt(correlation) * common))
    rows = np.clip(rows, -127, 127).astype(np.int8)
    mask = rng.random(weights) < share
    gradients, forget = rows[: TOY.client_rows], np.where(mask, 0, rows[TOY.client_rows :]).astype(np.int8)
    theta = np.rint(rng.normal(size=weights) * 0.05 * 2**16).astype(np.int32)
    return {"theta_p": theta, "gradients": gradients, "forget": forget, "gamma": gamma_of_rows(gradients), "mask": mask, "preset": TOY}


@pytest.fixture(scope="session")
def synthetic() -> Callable[..., Chunk]:
    return synthetic_chunk
