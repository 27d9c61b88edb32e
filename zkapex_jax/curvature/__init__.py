"""Curvature of the personal loss: per-example gradient rows G, damping γ, and moments for mask scores.

`BlockFisher` stands alone: the damped empirical Fisher of a block as an operator (products, solves, diagonals of C and of
its inverse), pure and jittable. The rest streams rows of whole models, to disk where they do not fit in memory.

Names are imported on first use: a choice of rows needs no JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkapex_jax.curvature.block_fisher import BlockFisher, default_damping, median_clip_factors
    from zkapex_jax.curvature.choice import Rows
    from zkapex_jax.curvature.fisher import GradientMoments, gradient_moments
    from zkapex_jax.curvature.gradients import per_example_gradients, stream_gradients
    from zkapex_jax.curvature.rows import clip_factors, clip_rows, damping, row_norms
    from zkapex_jax.curvature.sketch import Sketch
    from zkapex_jax.curvature.sketching import sketched_rows
    from zkapex_jax.curvature.storage import create_rows

_HOMES = {
    "block_fisher": ("BlockFisher", "default_damping", "median_clip_factors"),
    "choice": ("Rows",),
    "fisher": ("GradientMoments", "gradient_moments"),
    "gradients": ("per_example_gradients", "stream_gradients"),
    "rows": ("clip_factors", "clip_rows", "damping", "row_norms"),
    "sketch": ("Sketch",),
    "sketching": ("sketched_rows",),
    "storage": ("create_rows",),
}

__all__ = [
    "BlockFisher",
    "GradientMoments",
    "Rows",
    "Sketch",
    "clip_factors",
    "clip_rows",
    "create_rows",
    "damping",
    "default_damping",
    "gradient_moments",
    "median_clip_factors",
    "per_example_gradients",
    "row_norms",
    "sketched_rows",
    "stream_gradients",
]


if not TYPE_CHECKING:  # or a type checker takes every name for one

    def __getattr__(name: str) -> Any:
        for home, names in _HOMES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{home}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
