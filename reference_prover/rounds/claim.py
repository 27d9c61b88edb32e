"""What the prover claims in its rounds, as integers: the honest values, or whatever a test puts in their place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Claim:
    """Filled round by round. Lists over weights have d entries, lists over rows N, `p` has J.

    theta_p, theta_u, free, gradients, sigma, e, y (round 1); p and the slacks (t1, t2, d) (round 2); q (round 3)."""

    theta_p: list[int]
    theta_u: list[int]
    free: list[int]
    gradients: np.ndarray
    sigma: list[int]
    e: list[int]
    y: list[int]
    p: list[int] = field(default_factory=list)
    slacks: tuple[int, int, int] = (0, 0, 0)
    q: list[int] = field(default_factory=list)

    @property
    def delta(self) -> list[int]:
        return [u - p for u, p in zip(self.theta_u, self.theta_p, strict=True)]
