"""What the three sums say of the distance to the exact optimum, and the distance itself.

With z = δ̂ − δ* on free weights, C_FF z = ŷ_F − Ĝ_Fᵀ e and C_FF = γ̂I + Ĝ_FᵀĜ_F, hence

    ‖z‖ ≤ √Σfŷ² / γ̂ + √Σe² / (2√γ̂),    ½ zᵀC_FF z ≤ ½ (√(Σfŷ² / γ̂) + √Σe²)².

Distances are in units of the last place of a weight (2^-16); gaps are in squared units times the units of Ĉ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zkapex_jax.witness.exact import column_blocks


@dataclass(frozen=True)
class Certificate:
    """Bounds from the public thresholds, bounds from the sums that were reached, and the truth in float64."""

    certified_distance: float
    attained_distance: float
    true_distance: float
    certified_gap: float
    attained_gap: float
    true_gap: float

    @property
    def tightness(self) -> float:
        """True over certified distance, at most 1."""
        return self.true_distance / self.certified_distance


def certified_distance(t1: int, t2: int, gamma: int) -> float:
    """√T1 / γ̂ + √T2 / (2√γ̂): no weight vector that meets T1 and T2 is farther than this from the optimum."""
    return math.sqrt(t1) / gamma + math.sqrt(t2) / (2 * math.sqrt(gamma))


def certified_gap(t1: int, t2: int, gamma: int) -> float:
    """½ (√(T1 / γ̂) + √T2)²: how far the objective ½ δᵀĈδ can lie above its optimum."""
    return 0.5 * (math.sqrt(t1 / gamma) + math.sqrt(t2)) ** 2


def true_distance(delta: np.ndarray, optimum: np.ndarray) -> float:
    """‖δ̂ − δ*‖ over all weights; masked ones agree exactly. δ* [d] is float64."""
    return float(np.linalg.norm(delta - optimum))


def true_gap(rows: np.ndarray, gamma: int, delta: np.ndarray, optimum: np.ndarray) -> float:
    """½ zᵀĈz with z = δ̂ − δ*: the objective's excess over its optimum (z is zero on masked weights)."""
    z, images = delta - optimum, np.zeros(len(rows))
    for columns in column_blocks(rows):
        images += rows[:, columns].astype(np.float64) @ z[columns]
    return 0.5 * float(gamma * (z @ z) + images @ images)


def certify(rows: np.ndarray, gamma: int, thresholds: tuple[int, int], reached: tuple[int, int],
            delta: np.ndarray, optimum: np.ndarray) -> Certificate:  # fmt: skip
    """All six figures, from (T1, T2), (Σfŷ², Σe²), δ̂ and the optimum in float64."""
    return Certificate(
        certified_distance(*thresholds, gamma),
        certified_distance(*reached, gamma),
        true_distance(delta, optimum),
        certified_gap(*thresholds, gamma),
        certified_gap(*reached, gamma),
        true_gap(rows, gamma, delta, optimum),
    )
