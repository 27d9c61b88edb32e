"""Group-OBS: the Woodbury path against the dense one, and what makes a point the constrained optimum."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.obs import group_obs, reference, woodbury

Case = tuple[np.ndarray, float, np.ndarray, np.ndarray]


def case(seed: int, count: int, weights: int, share: float, exponent: float, kind: str) -> Case:
    rng = np.random.default_rng(seed)
    rows = rng.integers(-127, 128, (count, weights)).astype(np.int8)
    if kind == "floats":
        rows = rng.normal(size=(count, weights)) * 50
    if kind == "rank one":
        rows = np.repeat(rows[:1], count, axis=0)
    if kind == "zero":
        rows = np.zeros_like(rows)
    theta = rng.integers(-(2**20), 2**20, weights).astype(np.int32)
    return rows, 10.0**exponent, theta, rng.random(weights) < share


CASES = st.builds(
    case, st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 30), st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    st.floats(-1, 9), st.sampled_from(["integers", "floats", "rank one", "zero"]),
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(CASES)
def test_twins(problem: Case) -> None:
    fast, slow = group_obs(*problem), reference.group_obs(*problem)
    size = np.abs(slow.delta).max() + 1
    np.testing.assert_allclose(fast.delta, slow.delta, atol=1e-7 * size)
    np.testing.assert_allclose(fast.sigma, slow.sigma, atol=1e-6 * size * np.abs(problem[0]).max(initial=1))


@settings(deadline=None, max_examples=60)
@given(CASES)
def test_optimality(problem: Case) -> None:
    """δ_M = −θ_M exactly; Cδ vanishes on free weights; σ = Gδ, so that γδ + Gᵀσ vanishes there too."""
    rows, gamma, theta, mask = problem
    result = group_obs(*problem)
    np.testing.assert_array_equal(result.delta[mask], -theta[mask])
    scale = np.abs(reference.curvature(rows, gamma)).sum() * (np.abs(theta).max() + 1)
    assert np.abs(reference.stationarity(rows, gamma, result)[~mask]).max(initial=0) <= 1e-10 * scale
    assert np.abs((gamma * result.delta + rows.T.astype(float) @ result.sigma)[~mask]).max(initial=0) <= 1e-10 * scale


@settings(deadline=None, max_examples=30)
@given(CASES, st.integers(0, 2**32 - 1))
def test_no_feasible_point_is_better(problem: Case, seed: int) -> None:
    rows, gamma, _, mask = problem
    best = group_obs(*problem).delta
    step = np.where(mask, 0, np.random.default_rng(seed).normal(size=len(best)) * (np.abs(best).max() + 1))
    low = reference.objective(rows, gamma, best)
    for size in (1e-3, 1.0):
        assert reference.objective(rows, gamma, best + size * step) >= low * (1 - 1e-9)


def test_empty_and_full_masks() -> None:
    rows, gamma, theta, mask = case(0, 4, 20, 0.5, 3, "integers")
    nothing = group_obs(rows, gamma, theta, np.zeros_like(mask))
    assert not nothing.delta.any() and not nothing.sigma.any()
    everything = group_obs(rows, gamma, theta, np.ones_like(mask))
    np.testing.assert_array_equal(everything.delta, -theta)
    np.testing.assert_allclose(everything.sigma, -(rows.astype(float) @ theta), rtol=1e-12)


def test_damping_extremes() -> None:
    """γ → ∞ compensates nothing; γ → 0 makes Gδ vanish where the free rows have full rank."""
    rows, _, theta, mask = case(1, 4, 40, 0.3, 0, "integers")
    assert np.abs(group_obs(rows, 1e30, theta, mask).delta[~mask]).max() < 1e-9
    plain = np.abs(rows.astype(float) @ np.where(mask, -theta, 0)).max()
    assert np.abs(group_obs(rows, 1e-6, theta, mask).sigma).max() < 1e-9 * plain
    assert np.abs(rows.astype(float) @ group_obs(rows, 1e-6, theta, mask).delta).max() < 1e-8 * plain


@pytest.mark.parametrize("weights", [woodbury.BLOCK - 1, woodbury.BLOCK, woodbury.BLOCK + 1, 3 * woodbury.BLOCK + 17])
def test_blocks(weights: int) -> None:
    """Beyond the dense twin's reach: stationarity by matrix products, around the edges of a block."""
    rows, gamma, theta, mask = case(2, 5, weights, 0.05, 6, "integers")
    result = group_obs(rows, gamma, theta, mask)
    wide = rows.astype(np.float64)
    np.testing.assert_allclose(wide @ result.delta, result.sigma, rtol=1e-9, atol=1e-3)
    residual = gamma * result.delta + wide.T @ result.sigma
    assert np.abs(residual[~mask]).max() < 1e-9 * gamma * np.abs(theta).max()


def test_gram_matrix_of_integers_is_exact() -> None:
    """Extreme int8 rows: the float64 Gram matrix equals that of Python integers, whatever the order of summation."""
    rng = np.random.default_rng(3)
    rows = np.concatenate([np.full((1, 20_000), 127), np.full((1, 20_000), -127), rng.integers(-127, 128, (2, 20_000))])
    order = rng.permutation(20_000)
    exact = [[sum(map(int.__mul__, left, right)) for right in rows.tolist()] for left in rows.tolist()]
    assert (rows.astype(np.float64) @ rows.T.astype(np.float64)).astype(int).tolist() == exact
    theta, mask = rng.integers(-(2**20), 2**20, 20_000).astype(np.int32), rng.random(20_000) < 0.1
    small = rows.astype(np.int8)
    straight, shuffled = group_obs(small, 7.0, theta, mask), group_obs(small[:, order], 7.0, theta[order], mask[order])
    np.testing.assert_allclose(straight.delta[order], shuffled.delta, rtol=1e-9, atol=1e-6)


def test_models_stay_in_single_precision() -> None:
    group_obs(*case(4, 2, 5, 0.5, 1, "integers"))
    assert jnp.zeros(1).dtype == jnp.float32 and jnp.asarray(np.ones(1)).dtype == jnp.float32


ROWS, THETA, MASK = np.ones((2, 3), np.int8), np.ones(3, np.int32), np.array([True, False, False])


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        ((ROWS[0], 1.0, THETA, MASK), "rows"),
        ((ROWS[:0], 1.0, THETA, MASK), "rows"),
        ((ROWS[:, :0], 1.0, THETA[:0], MASK[:0]), "rows"),
        ((ROWS > 0, 1.0, THETA, MASK), "rows"),
        ((ROWS * np.nan, 1.0, THETA, MASK), "rows"),
        ((ROWS, 1.0, THETA[:2], MASK), "theta"),
        ((ROWS, 1.0, THETA * np.inf, MASK), "theta"),
        ((ROWS, 1.0, THETA, MASK[:2]), "mask"),
        ((ROWS, 1.0, THETA, MASK.astype(int)), "mask"),
        ((ROWS, 0.0, THETA, MASK), "gamma"),
        ((ROWS, -1.0, THETA, MASK), "gamma"),
        ((ROWS, np.nan, THETA, MASK), "gamma"),
        ((ROWS, np.inf, THETA, MASK), "gamma"),
        ((ROWS, 1e-320, THETA, MASK), "gamma"),
    ],
)
def test_bad_inputs(problem: Case, field: str) -> None:
    with pytest.raises(InputError) as error:
        group_obs(*problem)
    assert error.value.field == field
