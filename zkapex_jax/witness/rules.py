"""Public thresholds of the certificate. They follow from γ̂, d and the number of rows alone, so they leak nothing more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.presets import Preset
from zkapex_jax.witness.exact import sum_of_squares

_SLACKS = ("T1", "T2", "D")


@dataclass(frozen=True)
class Sums:
    """The three sums of the certificate, exact: Σ f ŷ², Σ e², Σ f δ̂² (f = 1 on free weights)."""

    t1: int
    t2: int
    d: int


def rules(gamma: int, d: int, rows: int) -> tuple[int, int]:
    """(T1, T2) = (⌊γ̂² d / 8⌋, 32 · rows · γ̂).

    T1 grants a root mean square of 0.35 unit in the last place (nearest rounding needs 0.29); T2 leaves room for
    gradient rows that are correlated.
    """
    return gamma * gamma * d // 8, 32 * rows * gamma


def masked_energy(theta: np.ndarray, mask: np.ndarray) -> int:
    """Σ_M θ̂², exact: the public scale for a budget D, taken over the provider's base weights.

    Raises:
        InputError: shapes or types do not agree.
    """
    if theta.dtype.kind != "i" or mask.dtype != np.bool_ or theta.shape != mask.shape or theta.ndim != 1:
        raise InputError("must be integers and booleans of one length", code="shape", field="theta, mask",
                         value=(theta.dtype, theta.shape, mask.dtype, mask.shape))  # fmt: skip
    return sum_of_squares(theta[mask])


def check_slack_widths(t1: int, t2: int, budget: int | None, preset: Preset) -> None:
    """Each threshold must be below 2^width of its slack in the tables.

    Raises:
        InputError: one is not, or the budget is negative.
    """
    for name, value, bits in zip(_SLACKS, (t1, t2, budget), preset.slack_bits, strict=True):
        if value is not None and not 0 <= value < 2**bits:
            raise InputError(f"must be from 0 to 2^{bits} - 1 in preset {preset.name}", code="slack", field=name,
                             value=value, hint="use smaller gradients (a coarser scale) or another preset")  # fmt: skip


def check_budget(sums: Sums, budget: int, preset: Preset) -> None:
    """Whether the honest move of the free weights is within the request's budget D, before any proving.

    Raises:
        InputError: it is not, or D does not fit the tables.
    """
    check_slack_widths(0, 0, budget, preset)
    if sums.d > budget:
        raise InputError(f"the free weights would move by Σ δ² = {sums.d}, over the request's budget", code="budget", field="D", value=budget,
                         hint="ask the provider for a larger budget, or enrol with a larger damping")  # fmt: skip
