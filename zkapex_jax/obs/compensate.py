"""Group-OBS on a `BlockFisher`, pure and jittable, in the precision of its rows.

Zeroing the masked weights M of θ leaves the others to be moved so that ½ δᵀCδ is least under δ_M = −θ_M:

    C_FF δ_F = C_FM θ_M,    by Woodbury: (γI + G_F G_Fᵀ) a = G_M δ_M,    δ_F = −G_Fᵀ a,    Gδ = γa

(F the free weights; Hassibi and Stork's Optimal Brain Surgeon for a group, Kurtic et al.). `woodbury.group_obs` does the
same on the host in float64, exactly enough to round from; this one composes with the rest of JAX.

>>> import jax, jax.numpy as jnp
>>> from zkapex_jax.curvature import BlockFisher
>>> fisher = BlockFisher.from_gradients(jnp.array([[1.0, 1.0, 0.0]]), damping=0.01)
>>> theta, mask = jnp.array([1.0, 2.0, 3.0]), jnp.array([True, False, False])
>>> delta, sigma = jax.jit(compensate)(fisher, theta, mask)
>>> [round(float(value), 2) for value in theta + delta]  # the twin weight takes over what the zeroed one did
[0.0, 2.99, 3.0]
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from zkapex_jax.curvature.block_fisher import BlockFisher
from zkapex_jax.errors import InputError

ArrayLike = Any


class Move(NamedTuple):
    """δ [d] with δ_M = −θ_M exactly, and σ = Gδ [n]: the change of each example's loss to first order."""

    delta: jax.Array
    sigma: jax.Array


def compensate(fisher: BlockFisher, theta: ArrayLike, mask: ArrayLike) -> Move:
    """The best move of the free weights when those of `mask` become zero.

    Args:
        fisher: rows [n, d] and damping.
        theta: weights [d].
        mask: bool [d], true where the weight is to become zero.

    Raises:
        InputError: shapes or types do not agree.
    """
    theta, mask = fisher.vector(theta, "theta"), fisher.vector(mask, "mask")
    _check_mask(mask)
    target = jnp.where(mask, -theta.astype(fisher.rows.dtype), 0)
    solution = fisher.restrict(~mask).solve_rows(fisher.rows @ target)
    return Move(jnp.where(mask, target, -(solution @ fisher.rows)), fisher.damping * solution)


def multipliers(fisher: BlockFisher, delta: ArrayLike, mask: ArrayLike) -> jax.Array:
    """λ = −(Cδ)_M [d], zero on free weights: what each constraint costs at the optimum. Raises as `compensate`."""
    mask = fisher.vector(mask, "mask")
    _check_mask(mask)
    return jnp.where(mask, -fisher.matvec(delta), 0)


def saliency(fisher: BlockFisher, theta: ArrayLike) -> jax.Array:
    """θ²/(2[C⁻¹]_ii) [d]: the rise of ½ δᵀCδ when each weight alone is zeroed and the others are compensated.

    >>> rows = jnp.array([[3.0, 0.0], [0.0, 1.0]])
    >>> saliency(BlockFisher.from_gradients(rows, damping=1.0), jnp.array([1.0, 1.0])).round(3)
    Array([5., 1.], dtype=float32)
    """
    return jnp.square(fisher.vector(theta, "theta")) / (2 * fisher.inverse_diagonal())


def _check_mask(mask: jax.Array) -> None:
    if mask.dtype != jnp.bool_:
        raise InputError("must be booleans", code="shape", field="mask", value=mask.dtype, hint="`mask != 0` makes them")
