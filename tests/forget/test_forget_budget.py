"""The default budget: exact integers, never 0, no wrap-around."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.forget import BUDGET_FACTOR, budget

WEIGHT = st.integers(-(2**28) + 1, 2**28 - 1)


@given(st.lists(st.tuples(WEIGHT, st.booleans()), min_size=1, max_size=50))
def test_budget_is_the_ceiling_of_the_factor_times_the_masked_energy(cells):
    theta0, mask = np.array([w for w, _ in cells], np.int32), np.array([m for _, m in cells])
    exact = Fraction(*BUDGET_FACTOR) * sum(w * w for w, masked in cells if masked)
    found = budget(theta0, mask)
    assert type(found) is int and found >= 1
    assert found == max(1, -(-exact.numerator // exact.denominator))


def test_budget_does_not_wrap():
    size = 2**12
    found = budget(np.full(size, -(2**31), np.int32), np.ones(size, bool))
    assert found >= 2**73 * min(1, Fraction(*BUDGET_FACTOR))


def test_an_empty_or_weightless_mask_still_has_a_budget():
    assert budget(np.array([5, 6], np.int32), np.array([False, False])) == 1
    assert budget(np.array([0, 6], np.int32), np.array([True, False])) == 1


@pytest.mark.parametrize(("theta0", "mask"), [
    (np.zeros(3, np.int64), np.zeros(3, bool)),
    (np.zeros(3, np.float32), np.zeros(3, bool)),
    (np.zeros((3, 1), np.int32), np.zeros(3, bool)),
    (np.zeros(3, np.int32), np.zeros(4, bool)),
    (np.zeros(3, np.int32), np.zeros(3, np.uint8)),
])  # fmt: skip
def test_malformed_arrays_are_refused(theta0, mask):
    with pytest.raises(InputError):
        budget(theta0, mask)
