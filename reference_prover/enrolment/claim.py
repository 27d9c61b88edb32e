"""What the prover claims at enrolment, as integers: the honest values, or whatever a test puts in their place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class EnrolmentClaim:
    """theta_p, base (f_cum theta_0), free, current: d integers each; gradients [n, d]. A dishonest list may fill the pads, up to
    the capacity. Round 1: t [J][n + 1], v [J], slack of D0."""

    theta_p: list[int]
    base: list[int]
    free: list[int]
    gradients: np.ndarray
    current: list[int] | None = None
    t: list[list[int]] = field(default_factory=list)
    v: list[int] = field(default_factory=list)
    slack: int = 0

    @property
    def delta(self) -> list[int]:
        """Delta = theta_p - f_cum theta_0."""
        return difference(self.theta_p, self.base)

    @property
    def tie(self) -> list[int] | None:
        """theta_p - theta_current, zero in a re-enrolment; None in a first one."""
        return None if self.current is None else difference(self.theta_p, self.current)


def difference(left: list[int], right: list[int]) -> list[int]:
    """left - right, the shorter one continued by zeros."""
    size = max(len(left), len(right))
    pad = lambda values: [*values, *[0] * (size - len(values))]
    return [a - b for a, b in zip(pad(left), pad(right), strict=True)]
