"""The dense twin of `woodbury`: C as a d × d matrix and the KKT system of the constrained minimum, for small d."""

from __future__ import annotations

import numpy as np

from zkapex_jax.obs.woodbury import Compensation


def curvature(rows: np.ndarray, gamma: float) -> np.ndarray:
    """C = γI + GᵀG, [d, d]."""
    rows = rows.astype(np.float64)
    return gamma * np.eye(rows.shape[1]) + rows.T @ rows


def group_obs(rows: np.ndarray, gamma: float, theta: np.ndarray, mask: np.ndarray) -> Compensation:
    """Solve C_FF δ_F = C_FM θ_M directly."""
    dense = curvature(rows, gamma)
    delta = np.where(mask, -theta.astype(np.float64), 0.0)
    if not mask.all():
        delta[~mask] = np.linalg.solve(dense[np.ix_(~mask, ~mask)], dense[np.ix_(~mask, mask)] @ theta[mask].astype(np.float64))
    return Compensation(delta, rows.astype(np.float64) @ delta)


def stationarity(rows: np.ndarray, gamma: float, compensation: Compensation) -> np.ndarray:
    """Cδ [d]: zero on free weights at the optimum, −λ (the multipliers) on masked ones."""
    return curvature(rows, gamma) @ compensation.delta


def objective(rows: np.ndarray, gamma: float, delta: np.ndarray) -> float:
    """½ δᵀCδ."""
    return 0.5 * float(delta @ curvature(rows, gamma) @ delta)
