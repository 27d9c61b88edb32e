"""Masks in few chunks: how many weights, where, how near the best, on scores small enough to try every choice."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.forget import select_mask
from zkapex_jax.forget.clustering import Worth, clustered_mask, least_chunks
from zkapex_jax.models.chunks import chunk_bounds

#: Five chunks of 12 or 13 weights.
BOUNDS = chunk_bounds(63, 13)


def scores_of(seed: int) -> np.ndarray:
    """Chunks of different level and spread; values repeat now and then."""
    numbers = np.random.default_rng(seed)
    level = np.repeat(numbers.standard_normal(len(BOUNDS)), [stop - start for start, stop in BOUNDS])
    return np.round(level + numbers.standard_normal(63) * numbers.choice([0.1, 1, 4]), 1)


def best_of(scores: np.ndarray, size: int, chunks: int) -> float:
    """The highest sum of `size` scores in any `chunks` chunks, by trying all."""
    sets = (np.concatenate([scores[slice(*bounds)] for bounds in chosen]) for chosen in combinations(BOUNDS, chunks))
    return max(float(np.sort(kept)[::-1][:size].sum()) for kept in sets if len(kept) >= size)


@given(st.integers(0, 2**32), st.integers(1, 5), st.floats(0.02, 0.9))
def test_masks_have_their_size_lie_in_few_chunks_and_are_near_the_best(seed: int, chunks: int, sparsity: float) -> None:
    scores, size = scores_of(seed), int(select_mask(scores_of(seed), sparsity).sum())
    sizes = np.array([stop - start for start, stop in BOUNDS])
    if chunks < least_chunks(sizes, size):
        with pytest.raises(InputError, match="to hold the masked weights"):
            clustered_mask(scores, sparsity, BOUNDS, chunks)
        return
    mask = clustered_mask(scores, sparsity, BOUNDS, chunks)
    assert mask.sum() == size
    assert sum(mask[slice(*bounds)].any() for bounds in BOUNDS) <= chunks
    best, (_, bound) = best_of(scores, size, chunks), Worth.of(scores, BOUNDS).best_chunks(chunks, size)
    assert scores[mask].sum() <= best + 1e-9
    assert best <= bound + 1e-9
    spread = scores.max() - scores.min()
    assert scores[mask].sum() >= best - spread * max(13, size) / 2  # Lagrange leaves less than a chunk's worth


def test_a_chunk_that_carries_everything_is_chosen() -> None:
    scores = np.zeros(63)
    scores[slice(*BOUNDS[3])] = np.arange(1, BOUNDS[3][1] - BOUNDS[3][0] + 1)
    mask = clustered_mask(scores, 10 / 63, BOUNDS, 1)
    assert np.flatnonzero(mask).tolist() == list(range(BOUNDS[3][1] - 10, BOUNDS[3][1]))
    chosen, bound = Worth.of(scores, BOUNDS).best_chunks(1, 10)
    assert chosen.tolist() == [3] and bound == pytest.approx(scores[mask].sum())


def test_all_chunks_is_the_scattered_mask() -> None:
    scores = scores_of(1)
    assert (clustered_mask(scores, 0.2, BOUNDS, 5) == select_mask(scores, 0.2)).all()


def test_worth_by_definition() -> None:
    scores = scores_of(2)
    worth = Worth.of(scores, BOUNDS)
    for row in (0, len(worth.prices) // 2, len(worth.prices) - 1):
        for chunk, bounds in enumerate(BOUNDS):
            over = scores[slice(*bounds)] - worth.prices[row]
            assert worth.excess[row, chunk] == pytest.approx(over[over > 0].sum())
            assert worth.count[row, chunk] == (over > 0).sum()


@pytest.mark.parametrize("chunks", [0, 6])
def test_no_such_number_of_chunks(chunks: int) -> None:
    with pytest.raises(InputError, match="must be from"):
        clustered_mask(scores_of(3), 0.1, BOUNDS, chunks)


def test_scores_that_are_no_numbers() -> None:
    scores = scores_of(4)
    scores[7] = np.inf
    with pytest.raises(InputError, match="NaN or an infinity"):
        Worth.of(scores, BOUNDS)
