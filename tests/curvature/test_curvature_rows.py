"""Norms, clipping and damping against their twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zkapex_jax.curvature import clip_factors, clip_rows, damping, reference, row_norms
from zkapex_jax.errors import InputError

CELLS = st.floats(-1e3, 1e3, width=32).map(lambda x: 0.0 if abs(x) < 1e-3 else x)
ROWS = arrays(np.float32, st.tuples(st.integers(1, 7), st.integers(1, 9)), elements=CELLS).filter(lambda rows: rows.any())


@settings(deadline=None)
@given(ROWS)
def test_twins(rows: np.ndarray) -> None:
    np.testing.assert_allclose(row_norms(rows), reference.row_norms(rows), rtol=1e-12)
    np.testing.assert_allclose(clip_rows(rows), reference.clip_rows(rows), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(damping(rows), reference.damping(rows), rtol=1e-10)


@settings(deadline=None)
@given(ROWS)
def test_clipping(rows: np.ndarray) -> None:
    norms, clipped = row_norms(rows), row_norms(clip_rows(rows))
    median = np.median(norms[norms > 0])
    assert (clipped <= median * (1 + 1e-6)).all()
    np.testing.assert_array_equal(clip_rows(rows)[norms <= median], rows[norms <= median])
    assert ((0 < clip_factors(norms)) & (clip_factors(norms) <= 1)).all()


@settings(deadline=None)
@given(ROWS, st.floats(0.5, 4))
def test_damping_scales_with_the_square(rows: np.ndarray, factor: float) -> None:
    np.testing.assert_allclose(damping(rows.astype(np.float64) * factor), damping(rows) * factor**2, rtol=1e-9)


def test_in_place_and_wide() -> None:
    rows = np.random.default_rng(0).normal(size=(3, 2**16 + 5)).astype(np.float32) * [[1], [2], [3]]
    rows, copy = rows.astype(np.float32), rows.astype(np.float32)
    assert clip_rows(rows, out=rows) is rows
    np.testing.assert_allclose(rows, reference.clip_rows(copy), rtol=1e-5, atol=1e-6)


NAN, INF = np.array([[1, 2], [np.nan, 0]]), np.array([[np.inf, 2], [1, 0]])


@pytest.mark.parametrize("function", [row_norms, clip_rows, damping])
@pytest.mark.parametrize(
    ("rows", "value"), [(NAN, "row 1"), (INF, "row 0"), (np.ones(3), (3,)), (np.ones((0, 3)), (0, 3)), (np.ones((3, 0)), (3, 0))]
)
def test_bad_rows(function: object, rows: np.ndarray, value: object) -> None:
    with pytest.raises(InputError) as error:
        function(rows)  # type: ignore[operator]
    assert error.value.field == "rows" and error.value.value == value


@pytest.mark.parametrize("function", [clip_rows, damping])
def test_zero_rows(function: object) -> None:
    with pytest.raises(InputError, match="all gradient rows are zero"):
        function(np.zeros((3, 4), np.float32))  # type: ignore[operator]


def test_zero_rows_do_not_enter_the_median() -> None:
    rows = np.array([[0.0], [0.0], [0.0], [2.0], [4.0]])
    np.testing.assert_allclose(clip_rows(rows), [[0], [0], [0], [2], [3]])
