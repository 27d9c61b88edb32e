"""The provider's default budget D: how far a client may move the weights that the mask leaves free."""

from __future__ import annotations

import numpy as np

from zkapex_jax.errors import InputError

#: D as a multiple of the energy of the masked base weights, a ratio of integers: 0.6. Honest clients of the digits
#: tasks moved at most 0.28 of that energy in any chunk (up to 8 seeds, shifts of 8 to 90 degrees, 0.005 % to 30 % of the
#: weights masked; 0.07 to 0.2 is usual, less for sparser masks): the default leaves them twice the worst.
BUDGET_FACTOR = (3, 5)


def budget(theta0_fixed: np.ndarray, mask: np.ndarray) -> int:
    """D of one chunk, exact and at least 1: ceil(factor * sum over the mask of theta0^2).

    `theta0_fixed` i32 [d] are the provider's base weights in fixed point, `mask` bool [d] the weights to be zeroed;
    both are public, so D says nothing of a client.

    Raises:
        InputError: the shapes or types are others.
    """
    theta0, mask = np.asarray(theta0_fixed), np.asarray(mask)
    if theta0.ndim != 1 or theta0.dtype != np.int32:
        raise InputError("must be 32-bit integers [d]", code="shape", field="theta0", value=(theta0.dtype, theta0.shape))
    if mask.shape != theta0.shape or mask.dtype != np.bool_:
        raise InputError("must be booleans [d]", code="shape", field="mask", value=(mask.dtype, mask.shape))
    numerator, denominator = BUDGET_FACTOR
    return max(1, -(-numerator * masked_energy(theta0, mask) // denominator))


def masked_energy(theta0_fixed: np.ndarray, mask: np.ndarray) -> int:
    """Sum over the mask of theta0^2, exact, in squared units of the last place."""
    return sum(value * value for value in theta0_fixed[mask].tolist())
