"""Honest data of the size and shape of a real chunk, for measurements only: nothing is learnt from it.

Weights are normal with standard deviation 0.05; gradient rows have log-normal coordinate scales, the heavy tails that real
rows show; the mask is random. Every number comes from one seed, so that two machines measure the same work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.models.chunks import chunk_sizes
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import Preset
from zkapex_jax.quantize import to_fixed
from zkapex_jax.witness import masked_energy

WEIGHT_SCALE = 0.05
GRADIENT_SCALE = 12.0
TAIL = 0.8
SPARSITY = 0.04


@dataclass(frozen=True)
class SyntheticClient:
    """theta f64 [W], gradient rows f32 [n, W], mask bool [W], forget rows int8 [K, W], D by chunk."""

    layout: TargetLayout
    theta: np.ndarray
    rows: np.ndarray
    mask: np.ndarray
    forget_rows: np.ndarray
    budget: dict[int, int]


def synthetic_client(
    preset: Preset, chunks: int, seed: int = 0, *, size: int | None = None, touched: int | None = None
) -> SyntheticClient:
    """`chunks` chunks of `size` weights (default: full ones), of which the mask touches the first `touched` (default: all).

    Raises InputError if the preset would cut as many weights into another number of chunks.
    """
    generator = np.random.default_rng(seed)
    size = preset.capacity if size is None else size
    weights, reached = chunks * size, chunks if touched is None else touched
    if len(chunk_sizes(weights, preset.capacity)) != chunks or not 1 <= reached <= chunks:
        raise InputError("no such chunks", code="chunks", field="size, touched", value=(chunks, size, reached))
    scale = GRADIENT_SCALE * np.exp(TAIL * generator.standard_normal(weights, np.float32) - TAIL**2)
    rows = generator.standard_normal((preset.client_rows, weights), np.float32) * scale
    mask = generator.random(weights) < SPARSITY
    mask[reached * size :] = False
    forget = np.rint(generator.standard_normal((preset.forget_rows, weights), np.float32) * scale)
    forget[:, mask] = 0
    theta = generator.standard_normal(weights) * WEIGHT_SCALE
    fixed = to_fixed(theta).reshape(chunks, size)
    # The budget only has to admit the honest optimum; its energy is of the order of the masked one.
    budget = {i: 4 * masked_energy(fixed[i], part) for i, part in enumerate(mask.reshape(chunks, size)[:reached])}
    layout = TargetLayout("bench", (("bench/kernel", (weights,)),))
    return SyntheticClient(layout, theta, rows, mask, np.clip(forget, -127, 127).astype(np.int8), budget)
