"""The sketch against the whole matrix that it sums up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.curvature import sketch as sketch_module
from zkapex_jax.curvature.sketch import EXACT, Shape, Sketch
from zkapex_jax.errors import InputError

BOUNDS = ((0, 7), (7, 20))


def filled(gradients: np.ndarray, rows: int, cuts: list[int], exact: int = EXACT) -> Sketch:
    made = Sketch(BOUNDS, rows, exact=exact)
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
    made = filled(gradients, rows, cuts, exact=6).finish(seed) * np.sqrt(60 / rows)
    for place in BOUNDS:
        squares = np.linalg.eigvalsh(gram(gradients, place))[::-1]
        missed = np.linalg.norm(gram(gradients, place) - gram(made, place), 2)
        assert missed <= min(squares[k:].sum() / (rows - k) for k in range(rows)) * (1 + 1e-4) + 1e-4


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(0, 60))
def test_a_state_is_gone_on_with_and_old_ones_stay(seed: int, rows: int, cut: int) -> None:
    gradients = np.random.default_rng(seed).normal(size=(60, 20)).astype(np.float32)
    whole = Sketch(BOUNDS, rows, exact=8)
    files = [np.zeros(whole.shape.size, np.float32) for _ in range(2)]
    whole.add(gradients[:cut])
    whole.add(gradients[cut:])
    first = Sketch(BOUNDS, rows, exact=8, state=files[0])
    first.add(gradients[:cut], into=files[1])
    assert not files[0].any() and first.state is files[1]
    second = Sketch(BOUNDS, rows, exact=8, state=files[1], count=first.count)
    second.add(gradients[cut:], into=files[0])
    np.testing.assert_array_equal(second.state, whole.state)
    out = np.empty((rows, 20), np.float32)
    np.testing.assert_array_equal(second.finish(seed, out), whole.finish(seed))
    assert second.finish(seed, out) is out


def test_long_chunks_are_worked_on_in_blocks_of_columns() -> None:
    gradients = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    made = []
    for columns in (7, 2**16):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sketch_module, "_COLUMNS", columns)
            sketch = Sketch(((0, 30),), 4, exact=1)
            sketch.add(gradients)
            made.append(sketch.finish(0))
    np.testing.assert_allclose(gram(made[0], (0, 30)), gram(made[1], (0, 30)), rtol=1e-4, atol=1e-4)


def test_what_is_kept_grows_with_weights_alone() -> None:
    assert Shape(((0, 100), (100, 110)), 8, exact=32).size == 9 * 100 + 10 * 10


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
    with pytest.raises(InputError, match="state"):
        Sketch(BOUNDS, 4, state=np.zeros(3, np.float32))
    empty.add(np.ones((3, 20), np.float32))
    with pytest.raises(InputError, match="out"):
        empty.finish(0, np.zeros((4, 19), np.float32))
