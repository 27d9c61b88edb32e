"""The curvature of one block as an operator: C = γI + GᵀG for n gradient rows of d weights, never formed as d × d.

Everything here is pure `jax.numpy`: it works under `jit`, `vmap` and `grad`, in the precision of the rows (float32, or
float64 where it is enabled). With the default damping the condition number of C is at most 32 n + 1, so float32 serves.

>>> import jax.numpy as jnp
>>> rows = jnp.array([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
>>> fisher = BlockFisher.from_gradients(rows, damping=0.5)
>>> fisher.matvec(jnp.array([1.0, 0.0, 0.0]))
Array([1.5, 2. , 0. ], dtype=float32)
>>> bool(jnp.allclose(fisher.solve(fisher.matvec(jnp.ones(3))), 1.0, atol=1e-5))
True
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from zkapex_jax.curvature.rows import DAMPING_DIVISOR
from zkapex_jax.errors import InputError

ArrayLike = Any  # jax.Array, numpy.ndarray, or a tracer


@partial(jax.tree_util.register_dataclass, data_fields=["rows", "damping"], meta_fields=[])
@dataclass(frozen=True, eq=False)
class BlockFisher:
    """Damped empirical Fisher of one block: `rows` G [n, d], `damping` γ > 0 (a scalar). A pytree.

    Rows are gradients of single examples; their scale is part of the curvature (no 1/n is put in front of GᵀG). Make one with
    `from_gradients`, which checks what it is given; methods raise InputError for a vector of another length than d.
    """

    rows: jax.Array
    damping: jax.Array

    @classmethod
    def from_gradients(cls, rows: ArrayLike, damping: ArrayLike | None = None) -> BlockFisher:
        """From gradient rows [n, d], floats or integers; `damping` defaults to `default_damping` of them.

        Raises:
            InputError: `rows` is not a matrix with n, d ≥ 1, or `damping` is not a scalar, or known and not positive.
        """
        rows = as_array(rows, "rows")
        if rows.ndim != 2 or rows.size == 0 or rows.dtype.kind not in "iuf" and rows.dtype != jnp.bfloat16:
            raise InputError("must be a matrix [n, d] with n, d ≥ 1", code="shape", field="rows", value=(rows.dtype, rows.shape))
        rows = rows.astype(jnp.promote_types(rows.dtype, jnp.float32))
        gamma = default_damping(rows) if damping is None else as_array(damping, "damping").astype(rows.dtype)
        if gamma.ndim != 0:
            raise InputError("must be one number", code="shape", field="damping", value=gamma.shape)
        if damping is not None and not isinstance(gamma, jax.core.Tracer) and not (jnp.isfinite(gamma) and gamma > 0):
            raise InputError("must be positive and finite", code="gamma", field="damping", value=damping)
        return cls(rows, gamma)

    def vector(self, values: ArrayLike, field: str) -> jax.Array:
        """The values as an array [d]. Raises InputError, by the field's name, if they are of another shape."""
        array = as_array(values, field)
        if array.shape != self.rows.shape[1:]:
            raise InputError(f"must have shape {self.rows.shape[1:]}", code="shape", field=field, value=array.shape)
        return array

    def matvec(self, vector: ArrayLike) -> jax.Array:
        """Cv [d], for v [d]."""
        vector = self.vector(vector, "vector")
        return self.damping * vector + (self.rows @ vector) @ self.rows

    def quadratic(self, vector: ArrayLike) -> jax.Array:
        """vᵀCv = γ‖v‖² + ‖Gv‖², a scalar. Half of it is what a change v is expected to cost at a minimum of the loss."""
        vector = self.vector(vector, "vector")
        images = self.rows @ vector
        return self.damping * jnp.vdot(vector, vector) + jnp.vdot(images, images)

    def solve(self, vector: ArrayLike) -> jax.Array:
        """C⁻¹v [d] by Woodbury: (v − Gᵀ(γI + GGᵀ)⁻¹Gv) / γ, an n × n system."""
        vector = self.vector(vector, "vector")
        return (vector - self.solve_rows(self.rows @ vector) @ self.rows) / self.damping

    def solve_rows(self, values: ArrayLike) -> jax.Array:
        """(γI + GGᵀ)⁻¹u for u [n] or [n, k]: Cholesky and one step of refinement."""
        matrix = self.rows @ self.rows.T + self.damping * jnp.eye(len(self.rows), dtype=self.rows.dtype)
        solve = partial(jax.scipy.linalg.cho_solve, jax.scipy.linalg.cho_factor(matrix, lower=True))
        solution = solve(values)
        return solution + solve(values - matrix @ solution)

    def diagonal(self) -> jax.Array:
        """Diagonal of C, [d]."""
        return self.damping + jnp.sum(self.rows**2, axis=0)

    def inverse_diagonal(self) -> jax.Array:
        """Diagonal of C⁻¹, [d]: what the saliency θ²/(2[C⁻¹]_ii) of Optimal Brain Surgeon divides by."""
        return (1 - jnp.sum(self.rows * self.solve_rows(self.rows), axis=0)) / self.damping

    def restrict(self, kept: ArrayLike) -> BlockFisher:
        """The operator with rows zeroed where bool [d] `kept` is false; on kept weights it is the block C_FF."""
        return BlockFisher(jnp.where(self.vector(kept, "kept"), self.rows, 0), self.damping)

    def dense(self) -> jax.Array:
        """C itself, [d, d]: for small d and for tests."""
        return self.damping * jnp.eye(self.rows.shape[1], dtype=self.rows.dtype) + self.rows.T @ self.rows


def as_array(values: ArrayLike, field: str) -> jax.Array:
    """Numbers or booleans as an array. Raises InputError, by the field's name, for what is neither."""
    try:
        return jnp.asarray(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError("must be an array of numbers", code="shape", field=field, value=type(values).__name__) from error


def default_damping(rows: jax.Array) -> jax.Array:
    """γ = tr(GᵀG) / (32 n) as the protocol takes it; 1 where all rows are zero, as any γ serves them.

    >>> default_damping(jnp.full((2, 4), 2.0))
    Array(0.5, dtype=float32)
    """
    gamma = jnp.sum(rows**2) / (DAMPING_DIVISOR * rows.shape[0])
    return jnp.where(gamma > 0, gamma, 1)


def median_clip_factors(norms: jax.Array) -> jax.Array:
    """Factor [n] in (0, 1] that brings each norm down to the median of those that are not zero; traceable `clip_factors`.

    >>> median_clip_factors(jnp.array([0.0, 1.0, 2.0, 8.0]))
    Array([1.  , 1.  , 1.  , 0.25], dtype=float32)
    """
    positive = norms > 0
    median = jnp.nanmedian(jnp.where(positive, norms, jnp.nan))
    return jnp.where(positive, jnp.minimum(1, median / jnp.where(positive, norms, 1)), 1)
