"""Curvature of the personal loss: per-example gradient rows G, damping γ, and moments for mask scores."""

from zkapex_jax.curvature.fisher import GradientMoments, gradient_moments
from zkapex_jax.curvature.gradients import per_example_gradients, stream_gradients
from zkapex_jax.curvature.rows import clip_factors, clip_rows, damping, row_norms
from zkapex_jax.curvature.storage import create_rows

__all__ = [
    "GradientMoments",
    "clip_factors",
    "clip_rows",
    "create_rows",
    "damping",
    "gradient_moments",
    "per_example_gradients",
    "row_norms",
    "stream_gradients",
]
