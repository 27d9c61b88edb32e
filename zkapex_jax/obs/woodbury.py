"""Group-OBS by Woodbury, jitted in float64.

Minimise ½ δᵀCδ with C = γI + GᵀG, subject to δ_M = −θ_M on the masked weights M. With G = [G_F, G_M] the free part is

    (γI + G_F G_Fᵀ) a = G_M δ_M,    δ_F = −G_Fᵀ a,    σ = Gδ = γa,

an N × N system for N rows, whatever the number d of weights. C is never formed.

Rows of integers (int8) may be given as they are: |⟨G_k, G_l⟩| ≤ 127² · d < 2^53 for d < 2^39, and so is every partial
sum, so each product and sum of the Gram matrix is an integer that float64 holds exactly, in whatever order it is added.
float64 is enabled inside this module only; models go on in float32.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from zkapex_jax.errors import InputError

#: Weights a step at most: rows are converted to float64 this many columns at a time.
BLOCK = 4096
_SMALLEST_BLOCK = 64

#: Least γ as a part of the trace of the Gram matrix.
SMALLEST_DAMPING = 2.0**-44


class Compensation(NamedTuple):
    """δ [d] with δ_M = −θ_M, and σ = Gδ [N], float64, in the units of θ."""

    delta: np.ndarray
    sigma: np.ndarray


def group_obs(rows: np.ndarray, gamma: float, theta: np.ndarray, mask: np.ndarray) -> Compensation:
    """The optimal compensation of zeroing `mask`.

    Args:
        rows: G [N, d], integers or floats.
        gamma: damping γ > 0.
        theta: weights [d].
        mask: bool [d], true where the weight is to become zero.

    Raises:
        InputError: shapes do not agree, a value is not finite, γ is not positive, or γ is below 2^-44 of tr(G_F G_Fᵀ),
            where float64 could not tell the system from a singular one. (Any γ ≥ 1 serves int8 rows of a chunk.)

    >>> rows, theta = np.array([[3, 3, 0], [1, -1, 2]], np.int8), np.array([4, 5, 6])
    >>> delta, sigma = group_obs(rows, 1.0, theta, np.array([True, False, False]))
    >>> (theta + delta).round(2).tolist()
    [0.0, 8.45, 8.98]
    """
    _check(rows, gamma, theta, mask)
    weights = theta.shape[0]
    width = _width(weights)
    steps = -(-weights // width)  # a whole number of blocks, so that chunks whose sizes differ by one share a compilation
    with jax.enable_x64(True):
        blocks = jnp.asarray(_blocked(rows, steps, width))
        masked = np.where(mask, -np.asarray(theta, np.float64), 0.0)
        free = np.pad(~mask, (0, steps * width - weights)).reshape(steps, width)
        target = np.pad(masked, (0, steps * width - weights)).reshape(steps, width)
        delta, sigma, trace = _solve(blocks, jnp.float64(gamma), jnp.asarray(target), jnp.asarray(free))
        result = Compensation(np.array(delta).reshape(-1)[:weights], np.array(sigma))
    if gamma < SMALLEST_DAMPING * float(trace):
        raise InputError(f"must be at least {SMALLEST_DAMPING * float(trace):.3g} for these rows", code="gamma",
                         field="gamma", value=gamma)  # fmt: skip
    return result


@jax.jit
def _solve(blocks: jax.Array, gamma: jax.Array, target: jax.Array, free: jax.Array) -> tuple[jax.Array, ...]:
    """blocks [steps, N, width], target = δ_M and free [steps, width] → δ [steps, width], σ [N], tr(G_F G_Fᵀ)."""
    count = blocks.shape[1]

    def gather(sums: tuple[jax.Array, jax.Array], step: tuple[jax.Array, ...]) -> tuple[tuple[jax.Array, jax.Array], None]:
        rows, goal, open_ = step[0].astype(jnp.float64), step[1], step[2]
        kept = rows * open_
        return (sums[0] + kept @ kept.T, sums[1] + rows @ goal), None

    start = (jnp.zeros((count, count), jnp.float64), jnp.zeros(count, jnp.float64))
    (gram, right), _ = jax.lax.scan(gather, start, (blocks, target, free))
    solution = _solve_positive(gram + gamma * jnp.eye(count, dtype=jnp.float64), right)

    def spread(_: None, step: tuple[jax.Array, ...]) -> tuple[None, jax.Array]:
        return None, jnp.where(step[2], -(solution @ step[0].astype(jnp.float64)), step[1])

    _, delta = jax.lax.scan(spread, None, (blocks, target, free))
    return delta, gamma * solution, jnp.trace(gram)


def _solve_positive(matrix: jax.Array, right: jax.Array) -> jax.Array:
    """Cholesky, and one step of refinement: with tiny γ and correlated rows the condition number may reach 2^40."""
    solve = partial(jax.scipy.linalg.cho_solve, jax.scipy.linalg.cho_factor(matrix, lower=True))
    solution = solve(right)
    return solution + solve(right - matrix @ solution)


def _width(weights: int) -> int:
    """Columns a block: the next power of two for chunks of fewer weights than `BLOCK`, which would be padding for the most part."""
    return min(BLOCK, max(_SMALLEST_BLOCK, 1 << (weights - 1).bit_length()))


def _blocked(rows: np.ndarray, steps: int, width: int) -> np.ndarray:
    """[N, d] → [steps, N, width], zeros at the end; keeps int8, so that the copy is small."""
    kept = rows if rows.dtype == np.int8 else rows.astype(np.float64)
    padded = np.zeros((steps, rows.shape[0], width), kept.dtype)
    for step in range(steps):
        part = kept[:, step * width : (step + 1) * width]
        padded[step, :, : part.shape[1]] = part
    return padded


def _check(rows: np.ndarray, gamma: float, theta: np.ndarray, mask: np.ndarray) -> None:
    if rows.ndim != 2 or 0 in rows.shape or rows.dtype.kind not in "if":
        raise InputError("must be a matrix [N, d] with N, d ≥ 1", code="shape", field="rows", value=(rows.dtype, rows.shape))
    for field, array, kinds in (("theta", theta, "if"), ("mask", mask, "b")):
        if array.shape != rows.shape[1:] or array.dtype.kind not in kinds:
            raise InputError(f"must have shape {rows.shape[1:]}", code="shape", field=field, value=(array.dtype, array.shape))
    for field, array in (("rows", rows), ("theta", theta)):
        if not np.isfinite(array).all():
            raise InputError("holds a NaN or an infinity", code="not_finite", field=field)
    if not np.isfinite(gamma) or gamma <= 0:
        raise InputError("must be positive and finite", code="gamma", field="gamma", value=gamma)
