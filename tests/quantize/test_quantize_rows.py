"""int8 rows: rounding, saturation, the choice of the scale, and the public scale of forget rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.quantize import forget_scale, quantize_forget_rows, quantize_rows, typical_row_norm
from zkapex_jax.quantize.gamma import trace


def heavy_tailed(seed: int, count: int, weights: int, spread: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, weights)) * np.exp(spread * rng.normal(size=weights))).astype(np.float32)


ROWS = st.builds(heavy_tailed, st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 60), st.floats(0, 2))


def error(rows: np.ndarray, scale: float) -> float:
    integers = np.clip(np.rint(rows.astype(float) / scale), -127, 127)
    return float(((rows - scale * integers) ** 2).sum())


@given(ROWS)
def test_each_cell_is_nearest_or_saturated(rows: np.ndarray) -> None:
    integers, scale = quantize_rows(rows)
    assert integers.dtype == np.int8 and np.abs(integers.astype(int)).max() <= 127
    for cell, integer in zip(rows.ravel().tolist(), integers.ravel().tolist(), strict=True):
        assert integer == max(-127, min(127, round(cell / scale)))


@given(ROWS)
def test_scale_has_least_error_of_the_tried_ones(rows: np.ndarray) -> None:
    largest = float(np.abs(rows).max())
    tried = [largest / 127 * 2 ** (-step / 4) for step in range(17)]
    assert error(rows, quantize_rows(rows).scale) <= min(error(rows, scale) for scale in tried) * (1 + 1e-6) + 1e-30


def test_sampled_scale_is_close_to_the_best() -> None:
    rows = heavy_tailed(5, 64, 20_000, 1.2)
    largest = float(np.abs(rows).max())
    best = min(error(rows, largest / 127 * 2 ** (-step / 4)) for step in range(17))
    assert error(rows, quantize_rows(rows).scale) <= 1.02 * best


@given(ROWS, st.integers(-20, 20))
def test_scale_follows_the_units(rows: np.ndarray, power: int) -> None:
    scaled = quantize_rows(np.ldexp(rows, power))
    assert scaled.scale == np.ldexp(quantize_rows(rows).scale, power)
    np.testing.assert_array_equal(scaled.rows, quantize_rows(rows).rows)


@given(ROWS)
def test_symmetric(rows: np.ndarray) -> None:
    np.testing.assert_array_equal(quantize_rows(-rows).rows, -quantize_rows(rows).rows)


BAD = [
    (np.array([[1.0, np.nan]]), "not_finite"),
    (np.array([[1.0], [np.inf]]), "not_finite"),
    (np.ones(3), "shape"),
    (np.ones((0, 3)), "shape"),
    (np.ones((3, 0)), "shape"),
    (np.ones((3, 3), np.int8), "shape"),
]


@pytest.mark.parametrize(("rows", "code"), [*BAD, (np.zeros((2, 3), np.float32), "zero_gradients")])
def test_bad_rows(rows: np.ndarray, code: str) -> None:
    with pytest.raises(InputError) as raised:
        quantize_rows(rows)
    assert raised.value.code == code


@pytest.mark.parametrize(("rows", "code"), BAD)
def test_bad_forget_rows(rows: np.ndarray, code: str) -> None:
    for call in (lambda: quantize_forget_rows(rows, 1.0), lambda: forget_scale(rows, 1.0)):
        with pytest.raises(InputError) as raised:
            call()
        assert raised.value.code == code


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_bad_scales(value: float) -> None:
    for call in (quantize_forget_rows, forget_scale):
        with pytest.raises(InputError):
            call(np.ones((1, 2)), value)


@pytest.mark.parametrize("gammas", [[], [0], [4, -1]])
def test_bad_typical_norm(gammas: list[int]) -> None:
    with pytest.raises(InputError):
        typical_row_norm(gammas)


def test_forget_rows_get_the_norm_of_client_rows() -> None:
    client = quantize_rows(heavy_tailed(1, 64, 3000, 0.8)).rows
    gamma = trace(client) // (32 * 64)
    forget = heavy_tailed(2, 8, 3000, 0.8) * 1e-3
    wanted = typical_row_norm([gamma])
    integers = quantize_forget_rows(forget, forget_scale(forget, wanted)).astype(float)
    norms = np.sqrt((integers**2).sum(axis=1))
    np.testing.assert_allclose(np.sqrt((norms**2).mean()), wanted, rtol=0.1)
    np.testing.assert_allclose(wanted, np.sqrt((client.astype(float) ** 2).sum(axis=1).mean()), rtol=0.01)


def test_forget_rows_saturate_and_may_be_zero() -> None:
    assert quantize_forget_rows(np.array([[300.0, -300, 1.5, 0.5]]), 1.0).tolist() == [[127, -127, 2, 0]]
    zero = np.zeros((2, 3))
    assert not quantize_forget_rows(zero, forget_scale(zero, 100.0)).any()
    assert forget_scale(np.array([[3.0, 4], [0, 0]]), 5.0) == 1.0
