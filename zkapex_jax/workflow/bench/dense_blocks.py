"""Integers of ``dense_kkt``: curvature blocks of the empirical Fisher, and the exact compensation inside each block.

A block of B weights has C = γI + GᵀG over its own columns of the gradient rows, γ = tr(GᵀG)/(32n) as everywhere in the
project, written in fixed point at a private scale that fills the range of the relation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zkapex_jax.circuit.relations import Dense
from zkapex_jax.errors import InputError
from zkapex_jax.quantize import to_fixed
from zkapex_jax.quantize.gamma import DAMPING_DIVISOR


@dataclass(frozen=True)
class DenseWitness:
    """All blocks of one proof: curvature int64 [blocks, B, B]; theta_p, theta_u int64 and free bool [blocks, B]."""

    size: Dense
    curvature: np.ndarray
    theta_p: np.ndarray
    theta_u: np.ndarray
    free: np.ndarray

    @property
    def delta(self) -> np.ndarray:
        """θ̂u − θ̂p, int64 [blocks, B]."""
        return self.theta_u - self.theta_p

    @property
    def products(self) -> np.ndarray:
        """Cδ of each block, int64 [blocks, B]: exact, for the bounds of the relation keep it below 2^63."""
        return np.einsum("bij,bj->bi", self.curvature, self.delta)

    @property
    def residues(self) -> np.ndarray:
        """Cδ on free weights, 0 on masked ones."""
        return np.where(self.free, self.products, 0)


def dense_witness(size: Dense, rows: np.ndarray, theta: np.ndarray, mask: np.ndarray) -> DenseWitness:
    """The honest update of up to ``size.capacity`` weights, cut into blocks; the rest is padded with masked zeros.

    Args:
        rows: gradient rows, floats [n, W].
        theta: weights, floats [W].
        mask: bool [W], true where a weight is to be zeroed.

    Raises:
        InputError: another shape or type, a NaN or infinity, more weights than fit, or a weight outside its range.
    """
    _check_shapes(size, rows, theta, mask)
    padding = size.capacity - len(theta)
    shape = (size.blocks, size.block)
    theta_p = np.pad(to_fixed(theta).astype(np.int64), (0, padding)).reshape(shape)
    free = np.pad(~mask, (0, padding)).reshape(shape)
    blocks = np.pad(rows.astype(np.float64), ((0, 0), (0, padding))).reshape(len(rows), *shape)
    curvature = np.stack([fixed_curvature(size, blocks[:, block]) for block in range(size.blocks)])
    parts = zip(curvature, theta_p, free, strict=True)
    theta_u = np.stack([old + compensate(entries, old, stays) for entries, old, stays in parts])
    witness = DenseWitness(size, curvature, theta_p, theta_u, free)
    check_ranges(witness)
    return witness


def fixed_curvature(size: Dense, rows: np.ndarray) -> np.ndarray:
    """Ĉ = γ̂I + round(s·GᵀG) int64 [B, B] of rows float64 [n, B], with |Ĉ_ij| < 2^(c−1) and Ĉ ⪰ I.

    Rounding moves GᵀG by at most B/2 in norm, so that γ̂ > B/2 keeps Ĉ positive definite whatever the rows are.
    """
    gram = rows.T @ rows
    damping = np.trace(gram) / (DAMPING_DIVISOR * len(rows))
    least = size.block // 2 + 1
    room = 2 ** (size.curvature_bits - 1) - 2 - least
    largest = float(np.abs(gram).max()) + damping
    scale = room / largest if largest > 0 else 0.0
    diagonal = max(round(scale * damping), least)
    return np.rint(scale * gram).astype(np.int64) + diagonal * np.eye(size.block, dtype=np.int64)


def compensate(curvature: np.ndarray, theta: np.ndarray, free: np.ndarray) -> np.ndarray:
    """δ̂ int64 [B]: −θ̂ on masked weights, the solution of C_FF δ_F = C_FM θ_M rounded to nearest on free ones."""
    delta = np.where(free, 0, -theta)
    if free.any():
        right = -(curvature[free].astype(np.float64) @ delta)
        delta[free] = np.rint(np.linalg.solve(curvature[np.ix_(free, free)].astype(np.float64), right)).astype(np.int64)
    return delta


def check_ranges(witness: DenseWitness) -> None:
    """What the circuit will ask for, asked before anything is proven.

    Raises:
        InputError: an integer outside its window, named with its block and place.
    """
    size = witness.size
    inside = (
        ("curvature", witness.curvature, size.curvature_offset),
        ("theta_p", witness.theta_p, size.weight_offset),
        ("theta_u", witness.theta_u, size.weight_offset),
        ("residue", witness.residues, size.residue_offset),
    )
    for name, values, offset in inside:
        _refuse_first(name, values, (values < -offset) | (values >= offset), f"must lie in [−{offset}, {offset})")
    _refuse_first("theta_u", witness.theta_u, ~witness.free & (witness.theta_u != 0), "is masked and must be 0")


def _refuse_first(name: str, values: np.ndarray, wrong: np.ndarray, message: str) -> None:
    if wrong.any():
        place = tuple(int(index) for index in np.argwhere(wrong)[0])
        raise InputError(message, code="dense.range", field=f"{name}{list(place)}", value=int(values[place]))


def _check_shapes(size: Dense, rows: np.ndarray, theta: np.ndarray, mask: np.ndarray) -> None:
    weights = theta.shape[0] if theta.ndim == 1 else 0
    if not 1 <= weights <= size.capacity:
        raise InputError(f"must be a vector of 1 to {size.capacity} weights", code="shape", field="theta", value=theta.shape)
    if rows.ndim != 2 or rows.shape[1] != weights or not len(rows) or rows.dtype.kind != "f":
        raise InputError(f"must be floats [n, {weights}]", code="shape", field="rows", value=(rows.dtype, rows.shape))
    if mask.dtype != np.bool_ or mask.shape != (weights,):
        raise InputError(f"must be bool [{weights}]", code="shape", field="mask", value=(mask.dtype, mask.shape))
    if not np.isfinite(rows).all():
        raise InputError("holds a NaN or an infinity", code="not_finite", field="rows")
