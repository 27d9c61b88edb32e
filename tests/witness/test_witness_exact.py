"""Integer products against Python integers, at and beyond the bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.witness import Sums, masked_energy, reference
from zkapex_jax.witness.exact import residual, round_to_int64, row_products, sum_of_squares


def problem(seed: int, count: int, weights: int, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = rng.integers(-128, 128, (count, weights)).astype(np.int8)
    return rows, rng.integers(-(2**bits), 2**bits, weights), rng.integers(-(2**bits), 2**bits, count)


PROBLEMS = st.builds(problem, st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 12), st.integers(1, 40))


@given(PROBLEMS, st.integers(1, 2**18))
def test_twins(case: tuple[np.ndarray, np.ndarray, np.ndarray], gamma: int) -> None:
    rows, delta, sigma = case
    plain = rows.tolist(), delta.tolist(), sigma.tolist()
    assert (sigma - row_products(rows, delta)).tolist() == reference.errors(*plain)
    assert residual(rows, gamma, delta, sigma).tolist() == reference.residual(plain[0], gamma, *plain[1:])


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_sum_of_squares(values: list[int]) -> None:
    assert sum_of_squares(np.array(values, np.int64)) == sum(x**2 for x in values)


def test_wide_rows() -> None:
    rows, delta, sigma = problem(0, 3, 3 * 4096 + 5, 30)
    assert row_products(rows, delta).tolist() == (rows.astype(object) @ delta.astype(object)).tolist()
    expected = 12345 * delta.astype(object) + sigma.astype(object) @ rows.astype(object)
    assert residual(rows, 12345, delta, sigma).tolist() == expected.tolist()


ROWS = np.full((1, 2), -128, np.int8)


def test_products_at_the_bound() -> None:
    """2^7 · Σ|x| may come to 2^62 − 2^7, not to 2^62."""
    edge = np.array([2**55 - 1, 0])
    assert row_products(ROWS, edge).tolist() == [-128 * (2**55 - 1)]
    for bad in ([2**55, 0], [2**54, -(2**54)], [2**62, 2**62], [-(2**63), 0]):
        with pytest.raises(InputError, match="2\\^62"):
            row_products(ROWS, np.array(bad))


def test_residual_at_the_bound() -> None:
    assert residual(ROWS, 2**32, np.array([2**29, 0]), np.array([2**53])).tolist() == [2**61 - 2**60, -(2**60)]
    for gamma, delta, sigma in ((2**33, 2**29, 0), (2**32, 2**29, 2**54), (1, 0, 2**55), (2**39, 2**28, 0)):
        with pytest.raises(InputError, match="2\\^62"):
            residual(ROWS, gamma, np.array([delta, 0]), np.array([sigma]))


def test_rounding() -> None:
    assert round_to_int64(np.array([0.5, 1.5, -2.5, 7.49, -0.0]), 8, "x").tolist() == [0, 2, -2, 7, 0]
    assert round_to_int64(np.array([2.0**52 + 1]), 2**62, "x").tolist() == [2**52 + 1]
    for bad in (np.nan, np.inf, -np.inf, 7.5, -8.0, 1e300):
        with pytest.raises(InputError) as error:
            round_to_int64(np.array([0.0, bad]), 8, "x")
        assert error.value.field == "x 1"


def test_masked_energy() -> None:
    theta, mask = np.array([3, -4, 2**28 - 1], np.int32), np.array([True, True, False])
    assert masked_energy(theta, mask) == 25 and masked_energy(theta, ~mask) == (2**28 - 1) ** 2
    for bad in ((theta, mask[:2]), (theta * 1.0, mask), (theta, mask.astype(int)), (theta[None], mask[None])):
        with pytest.raises(InputError):
            masked_energy(*bad)


def test_sums_are_plain_integers() -> None:
    rows, delta, sigma = problem(1, 2, 5, 20)
    sums = reference.sums(rows.tolist(), 9, delta.tolist(), sigma.tolist(), [True, False, False, True, False])
    assert isinstance(sums, Sums) and {type(x) for x in (sums.t1, sums.t2, sums.d)} == {int}
