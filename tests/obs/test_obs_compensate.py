"""The traceable Group-OBS and the block Fisher against dense matrices and the float64 path."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.curvature import BlockFisher, clip_factors, damping, default_damping, median_clip_factors
from zkapex_jax.errors import InputError
from zkapex_jax.obs import compensate, group_obs, multipliers, reference, saliency

ROWS, WEIGHTS = 4, 12  # one shape: one compilation serves all examples
SEEDS = st.integers(0, 2**32 - 1)
SHARES = st.sampled_from([0.0, 0.2, 0.7, 1.0])


def case(seed: int, share: float, scale: float = 1.0) -> tuple[BlockFisher, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    fisher = BlockFisher.from_gradients(scale * rng.normal(size=(ROWS, WEIGHTS)))
    return fisher, rng.normal(size=WEIGHTS).astype(np.float32), rng.random(WEIGHTS) < share


@settings(max_examples=40)
@given(SEEDS, SHARES, st.sampled_from([1e-4, 1.0, 1e4]))
def test_dense_twin(seed: int, share: float, scale: float) -> None:
    fisher, theta, mask = case(seed, share, scale)
    slow = reference.group_obs(np.asarray(fisher.rows), float(fisher.damping), theta, mask)
    fast = jax.jit(compensate)(fisher, theta, mask)
    np.testing.assert_array_equal(np.asarray(fast.delta)[mask], -theta[mask])
    np.testing.assert_allclose(fast.delta, slow.delta, atol=2e-4)
    np.testing.assert_allclose(fast.sigma, slow.sigma, atol=2e-3 * scale)
    host = group_obs(np.asarray(fisher.rows), float(fisher.damping), theta, mask)
    np.testing.assert_allclose(fast.delta, host.delta, atol=2e-4)


@settings(max_examples=40)
@given(SEEDS)
def test_operator_is_the_matrix(seed: int) -> None:
    fisher, vector, mask = case(seed, 0.4)
    dense = reference.curvature(np.asarray(fisher.rows), float(fisher.damping))
    inverse = np.linalg.inv(dense)
    close = lambda left, right: np.testing.assert_allclose(left, right, rtol=2e-3, atol=2e-3)  # noqa: E731
    close(fisher.dense(), dense)
    close(fisher.matvec(vector), dense @ vector)
    close(fisher.quadratic(vector), vector @ dense @ vector)
    close(fisher.solve(vector), inverse @ vector)
    close(fisher.diagonal(), np.diag(dense))
    close(fisher.inverse_diagonal(), np.diag(inverse))
    close(fisher.restrict(~mask).dense()[np.ix_(~mask, ~mask)], dense[np.ix_(~mask, ~mask)])


@settings(max_examples=20)
@given(SEEDS)
def test_multipliers_and_saliency(seed: int) -> None:
    """Stationarity: Cδ + Eλ = 0. A weight's saliency is the objective after zeroing it alone."""
    fisher, theta, mask = case(seed, 0.3)
    delta = compensate(fisher, theta, mask).delta
    np.testing.assert_allclose(fisher.matvec(delta) + multipliers(fisher, delta, mask), 0, atol=2e-3)
    index = seed % WEIGHTS
    alone = compensate(fisher, theta, np.arange(WEIGHTS) == index).delta
    np.testing.assert_allclose(saliency(fisher, theta)[index], fisher.quadratic(alone) / 2, rtol=5e-3, atol=1e-6)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=6).filter(any))
def test_clipping_and_damping_twins(norms: list[float]) -> None:
    array = np.asarray(norms, np.float32)
    np.testing.assert_allclose(median_clip_factors(jnp.asarray(array)), clip_factors(array), rtol=1e-6)
    rows = np.outer(array, [0.6, 0.8]).astype(np.float32)
    if np.square(rows).sum() > 1e-30:
        np.testing.assert_allclose(default_damping(jnp.asarray(rows)), damping(rows), rtol=1e-5)


def test_composes_with_jax() -> None:
    """vmap over blocks is the loop; the objective's gradient by the weights is λ (the envelope theorem)."""
    cases = [case(seed, 0.3) for seed in range(3)]
    stacked = jax.tree_util.tree_map(lambda *leaves: jnp.stack(leaves), *cases)
    together = jax.vmap(compensate)(*stacked)
    for index, one in enumerate(cases):
        np.testing.assert_allclose(together.delta[index], compensate(*one).delta, atol=1e-5)
    fisher, theta, mask = cases[0]
    slope = jax.grad(lambda weights: fisher.quadratic(compensate(fisher, weights, mask).delta) / 2)(theta)
    np.testing.assert_allclose(slope, multipliers(fisher, compensate(fisher, theta, mask).delta, mask), atol=1e-3)


def test_zero_rows_and_doubles() -> None:
    zero = BlockFisher.from_gradients(np.zeros((2, 3)))
    np.testing.assert_array_equal(compensate(zero, np.ones(3), np.array([True, False, False])).delta, [-1, 0, 0])
    with jax.enable_x64(True):
        assert BlockFisher.from_gradients(np.ones((2, 3))).rows.dtype == jnp.float64
    assert BlockFisher.from_gradients(np.ones((2, 3), np.int8)).rows.dtype == jnp.float32
    assert BlockFisher.from_gradients(jnp.ones((2, 3), jnp.bfloat16)).rows.dtype == jnp.float32


GOOD = BlockFisher.from_gradients(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: BlockFisher.from_gradients(np.ones(3)), "rows"),
        (lambda: BlockFisher.from_gradients(np.ones((0, 3))), "rows"),
        (lambda: BlockFisher.from_gradients(np.ones((2, 3), bool)), "rows"),
        (lambda: BlockFisher.from_gradients(np.ones((2, 3)), np.ones(2)), "damping"),
        (lambda: BlockFisher.from_gradients("rows"), "rows"),
        (lambda: BlockFisher.from_gradients(np.ones((2, 3)), "much"), "damping"),
        (lambda: BlockFisher.from_gradients(np.ones((2, 3)), 0.0), "damping"),
        (lambda: BlockFisher.from_gradients(np.ones((2, 3)), -1), "damping"),
        (lambda: GOOD.matvec(np.ones(4)), "vector"),
        (lambda: GOOD.quadratic(np.ones((3, 3))), "vector"),
        (lambda: GOOD.solve(np.ones((3, 2))), "vector"),
        (lambda: GOOD.restrict(np.ones(4, bool)), "kept"),
        (lambda: saliency(GOOD, np.ones(1)), "theta"),
        (lambda: multipliers(GOOD, np.ones(3), np.ones(2, bool)), "mask"),
        (lambda: multipliers(GOOD, np.ones(2), np.ones(3, bool)), "vector"),
        (lambda: compensate(GOOD, np.ones(2), np.ones(3, bool)), "theta"),
        (lambda: compensate(GOOD, np.ones(3), np.ones(2, bool)), "mask"),
        (lambda: compensate(GOOD, np.ones(3), np.ones(3)), "mask"),
    ],
)
def test_bad_inputs(call, field: str) -> None:
    with pytest.raises(InputError) as error:
        call()
    assert error.value.field == field
