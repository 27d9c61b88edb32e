"""One honest KKT block in integers, for any B: what both provers are given."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.quantize import to_fixed
from zkapex_jax.workflow.bench.dense_blocks import compensate, fixed_curvature
from zkapex_jax.workflow.bench.synthetic import GRADIENT_SCALE, SPARSITY, TAIL, WEIGHT_SCALE

ROWS = 64

#: Width of an entry of C, as in `dense_kkt` at 2^12 rows.
CURVATURE_BITS = 11

LARGEST = 1024


@dataclass(frozen=True)
class Width:
    """What `fixed_curvature` needs to know of a circuit's sizes."""

    block: int
    curvature_bits: int = CURVATURE_BITS


@dataclass(frozen=True)
class Block:
    """curvature int64 [B, B]; theta_p, theta_u int64 [B]; free bool [B]."""

    curvature: np.ndarray
    theta_p: np.ndarray
    theta_u: np.ndarray
    free: np.ndarray

    @property
    def station(self) -> np.ndarray:
        """Cδ on free weights, 0 on masked ones; int64 [B]."""
        return np.where(self.free, self.curvature @ (self.theta_u - self.theta_p), 0)

    @property
    def windows(self) -> np.ndarray:
        """What rounding δ to nearest can do to a row of Cδ = 0: ½ Σ_j |C_ij|, int64 [B], rounded up."""
        return -(-np.abs(self.curvature).sum(axis=1) // 2)


def make_block(size: int, seed: int = 0) -> Block:
    """A block with weights, gradient rows and mask distributed as those of the synthetic chunks.

    Raises:
        InputError: the size is not 2 to 1024.
    """
    if not 2 <= size <= LARGEST:
        raise InputError(f"must be from 2 to {LARGEST}", code="block", field="block", value=size)
    generator = np.random.default_rng(seed)
    scale = GRADIENT_SCALE * np.exp(TAIL * generator.standard_normal(size) - TAIL**2)
    curvature = fixed_curvature(Width(size), generator.standard_normal((ROWS, size)) * scale)
    theta = to_fixed(generator.standard_normal(size) * WEIGHT_SCALE).astype(np.int64)
    free = generator.random(size) >= SPARSITY
    free[0] = False  # small blocks, too, forget something
    return Block(curvature, theta, theta + compensate(curvature, theta, free), free)


def write_block(path: Path, block: Block) -> None:
    """An npz file with `curvature`, `theta_p`, `theta_u`, `free`, `windows`."""
    buffer = io.BytesIO()
    parts = {"curvature": block.curvature, "theta_p": block.theta_p, "theta_u": block.theta_u, "free": block.free}
    np.savez(buffer, **parts, windows=block.windows)
    write_bytes(path, buffer.getvalue(), force=True)
