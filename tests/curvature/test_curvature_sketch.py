"""The sketch against the whole matrix that it sums up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.curvature import sketch as module
from zkapex_jax.curvature.sketch import Sketch
from zkapex_jax.errors import InputError

BOUNDS = ((0, 7), (7, 20))


def filled(gradients: np.ndarray, rows: int, cuts: list[int]) -> Sketch:
    made = Sketch(BOUNDS, rows)
    for part in np.split(gradients, sorted(cuts)):
        if len(part):
            made.add(part)
    return made


def gram(rows: np.ndarray, place: tuple[int, int]) -> np.ndarray:
    part = rows[:, slice(*place)].astype(np.float64)
    return part.T @ part


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 50), max_size=4), st.integers(1, 16))
def test_it_is_the_best_of_its_rank(seed: int, cuts: list[int], rows: int) -> None:
    gradients = np.random.default_rng(seed).normal(size=(50, 20)).astype(np.float32)
    made = filled(gradients, rows, cuts).finish(seed)
    for place in BOUNDS:
        whole = gram(gradients, place) * rows / 50
        values = np.linalg.eigvalsh(whole)
        missed = np.linalg.norm(whole - gram(made, place), 2)
        assert missed == pytest.approx(values[-rows - 1] if rows < len(values) else 0.0, abs=1e-4 * values[-1])


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 60), max_size=4), st.integers(2, 8))
def test_a_long_chunk_keeps_the_bound_of_frequent_directions(seed: int, cuts: list[int], rows: int) -> None:
    random = np.random.default_rng(seed)
    gradients = (random.normal(size=(60, 20)) * 0.7 ** np.arange(20)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "EXACT", 6)
        made = filled(gradients, rows, cuts).finish(seed) * np.sqrt(60 / rows)
    for place in BOUNDS:
        squares = np.linalg.eigvalsh(gram(gradients, place))[::-1]
        missed = np.linalg.norm(gram(gradients, place) - gram(made, place), 2)
        assert missed <= min(squares[k:].sum() / (rows - k) for k in range(rows)) * (1 + 1e-4) + 1e-4


def test_rows_are_about_equally_long_and_as_long_as_gradients() -> None:
    gradients = (np.random.default_rng(0).normal(size=(4000, 64)) * 0.9 ** np.arange(64)).astype(np.float32)
    made = Sketch(((0, 64),), 64)
    made.add(gradients)
    norms = np.linalg.norm(made.finish(1), axis=1)
    assert np.sqrt(np.mean(norms**2)) == pytest.approx(np.sqrt(np.mean(np.square(gradients).sum(axis=1))), rel=1e-4)
    assert norms.max() < 2 * np.median(norms)


@pytest.mark.parametrize(("bounds", "rows"), [((), 4), (BOUNDS, 0), (BOUNDS, True)])
def test_sizes_are_checked(bounds: tuple, rows: int) -> None:
    with pytest.raises(InputError):
        Sketch(bounds, rows)


def test_gradients_are_checked() -> None:
    empty = Sketch(BOUNDS, 4)
    with pytest.raises(InputError, match="20 columns"):
        empty.add(np.ones((3, 19), np.float32))
    with pytest.raises(InputError, match="no gradient"):
        empty.finish(0)
