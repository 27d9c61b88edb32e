"""Weights to integers and damping to its grid, against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.quantize import from_fixed, gamma_grid, gamma_of_rows, is_on_grid, to_fixed

WEIGHTS = st.lists(st.floats(-4095, 4095), min_size=1, max_size=20)


@given(WEIGHTS, st.sampled_from([np.float32, np.float64]))
def test_nearest_with_ties_to_even(values: list[float], dtype: type) -> None:
    vector = np.array(values, dtype)
    expected = [round(Fraction(float(x)) * 2**16) for x in vector]  # Python rounds halves to even, exactly
    assert to_fixed(vector).tolist() == expected


@given(st.lists(st.integers(-(2**28) + 1, 2**28 - 1), min_size=1, max_size=20))
def test_round_trip(values: list[int]) -> None:
    vector = np.array(values, np.int32)
    np.testing.assert_array_equal(to_fixed(from_fixed(vector)), vector)
    assert to_fixed(from_fixed(vector)).dtype == np.int32


def test_ties() -> None:
    halves = np.array([0.5, 1.5, 2.5, -0.5, -1.5]) / 2**16
    assert to_fixed(halves).tolist() == [0, 2, 2, 0, -2]


EDGE = 4096.0
BELOW = EDGE - 2.0**-16


def test_edges() -> None:
    assert to_fixed(np.array([BELOW, -BELOW])).tolist() == [2**28 - 1, 1 - 2**28]


@pytest.mark.parametrize(
    ("vector", "code"),
    [
        (np.array([0, np.nan]), "not_finite"),
        (np.array([0, np.inf]), "not_finite"),
        (np.array([0, -np.inf], np.float32), "not_finite"),
        (np.array([0, EDGE]), "out_of_range"),
        (np.array([0, -EDGE]), "out_of_range"),
        (np.array([0, EDGE - 2.0**-18]), "out_of_range"),
        (np.array([0, 1e300]), "out_of_range"),
        (np.array([[0.0]]), "shape"),
        (np.array([0, 1]), "shape"),
        (np.array([1j]), "shape"),
    ],
)
def test_bad_weights(vector: np.ndarray, code: str) -> None:
    with pytest.raises(InputError) as error:
        to_fixed(vector)
    assert error.value.code == code
    assert code == "shape" or error.value.field == "weight 1"


@pytest.mark.parametrize("vector", [np.array([2**28]), np.array([-(2**31)], np.int32), np.array([0.0]), np.array([[1]])])
def test_bad_integers(vector: np.ndarray) -> None:
    with pytest.raises(InputError):
        from_fixed(vector)


GRID = sorted({2**j for j in range(40)} | {3 * 2 ** (j - 1) for j in range(1, 39)})


def test_grid() -> None:
    assert [x for x in range(1, 5000) if is_on_grid(x)] == [x for x in GRID if x < 5000]
    assert all(is_on_grid(x) for x in GRID)
    assert not any(is_on_grid(x) for x in (0, -1, 5, 1.0, True, "1", None, np.int64(2), 2**39 + 1, 3 * 2**38, 2**40))


@given(st.one_of(st.floats(0, 2**39), st.integers(0, 2**39), st.integers(0, 4096), st.fractions(0, 100)))
def test_nearest_on_the_grid(value: float | int | Fraction) -> None:
    exact = Fraction(value)
    assert gamma_grid(value) == min(GRID, key=lambda step: (abs(step - exact), -step))


@pytest.mark.parametrize("value", [-1, -0.001, float("nan"), float("inf"), 2**39 + 1, 2**200, "1", None, True])
def test_bad_damping(value: object) -> None:
    with pytest.raises(InputError):
        gamma_grid(value)  # type: ignore[arg-type]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 40))
def test_damping_of_rows(seed: int, count: int, weights: int) -> None:
    rows = np.random.default_rng(seed).integers(-128, 128, (count, weights)).astype(np.int8)
    trace = sum(cell * cell for row in rows.tolist() for cell in row)
    assert gamma_of_rows(rows) == gamma_grid(Fraction(trace, 32 * count))
