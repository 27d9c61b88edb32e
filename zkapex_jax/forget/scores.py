"""Which weights carry the forgotten data: a second-order Taylor score of removing each weight alone."""

from __future__ import annotations

import numpy as np

from zkapex_jax.errors import InputError


def mask_scores(forget_gradient: np.ndarray, forget_fisher: np.ndarray, retain_gradient: np.ndarray,
                retain_fisher: np.ndarray, weights: np.ndarray) -> np.ndarray:  # fmt: skip
    """Score [W] float64, higher where zeroing the weight hurts the forgotten data and leaves the retained alone.

    Setting w to 0 changes a loss by about -g w + 1/2 F w^2, g its mean gradient and F the diagonal of its empirical
    Fisher, both [W], in nats an example. The score is the forget loss's rise less the magnitude of the retain
    loss's change: (-g_f w + 1/2 F_f w^2) - |-g_r w + 1/2 F_r w^2|.

    Raises:
        InputError: a vector has another shape than `weights` [W], or holds a NaN or an infinity, or a Fisher is negative.
    """
    w = _finite("weights", weights, None)
    rises = []
    for name, gradient, fisher in (("forget", forget_gradient, forget_fisher), ("retain", retain_gradient, retain_fisher)):
        g, curvature = _finite(f"{name}_gradient", gradient, w.shape), _finite(f"{name}_fisher", fisher, w.shape)
        if curvature.min() < 0:
            raise InputError("must not be negative", code="fisher", field=f"{name}_fisher", value=float(curvature.min()))
        rises.append(-g * w + 0.5 * curvature * w * w)
    return rises[0] - np.abs(rises[1])


def _finite(field: str, vector: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
    vector = np.asarray(vector, np.float64)
    if vector.ndim != 1 or vector.size == 0 or (shape is not None and vector.shape != shape):
        raise InputError(f"must have shape {shape or '[W]'}", code="shape", field=field, value=vector.shape)
    if not np.isfinite(vector).all():
        raise InputError("holds a NaN or an infinity", code="not_finite", field=field)
    return vector
