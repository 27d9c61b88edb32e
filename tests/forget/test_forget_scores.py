"""Mask scores against a twin, one weight at a time, and the properties of the selected mask."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.forget import mask_scores, mask_size, select_mask
from zkapex_jax.formats.scratch import scratch_array


def slow_scores(g_f, f_f, g_r, f_r, w):
    """The formula as it is written, in Python floats."""
    scores = []
    for i in range(len(w)):
        rise = -g_f[i] * w[i] + 0.5 * f_f[i] * w[i] ** 2
        change = -g_r[i] * w[i] + 0.5 * f_r[i] * w[i] ** 2
        scores.append(rise - abs(change))
    return scores


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_scores_equal_the_slow_twin(weights, seed):
    rng = np.random.default_rng(seed)
    g_f, g_r, w = rng.standard_normal((3, weights))
    f_f, f_r = rng.random((2, weights))
    assert np.allclose(mask_scores(g_f, f_f, g_r, f_r, w), slow_scores(g_f, f_f, g_r, f_r, w), rtol=1e-12, atol=1e-12)


def test_score_is_the_exact_change_of_a_quadratic_loss():
    g, f, w = 0.3, 2.0, -0.7
    loss = lambda x: g * (x - w) + 0.5 * f * (x - w) ** 2  # noqa: E731
    zero = np.zeros(1)
    assert mask_scores([g], [f], zero, zero, [w])[0] == pytest.approx(loss(0.0) - loss(w))


BAD_VECTORS = [
    ("forget_gradient", np.zeros(4)),
    ("forget_gradient", np.array([0.0, np.nan, 0.0])),
    ("retain_gradient", np.array([0.0, np.inf, 0.0])),
    ("forget_fisher", np.array([0.0, -1e-9, 0.0])),
    ("retain_fisher", np.array([-1.0, 0.0, 0.0])),
    ("weights", np.zeros((3, 1))),
    ("weights", np.zeros(0)),
]


@pytest.mark.parametrize(("field", "vector"), BAD_VECTORS)
def test_malformed_vectors_are_refused(field, vector):
    names = ("forget_gradient", "forget_fisher", "retain_gradient", "retain_fisher", "weights")
    vectors = {name: np.zeros(3) for name in names} | {field: vector}
    with pytest.raises(InputError) as error:
        mask_scores(**vectors)
    assert error.value.field == field


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=60), st.floats(0.01, 0.99))
def test_mask_holds_the_highest_scores_and_prefers_lower_indices(scores, sparsity):
    mask = select_mask(np.array(scores, np.float64), sparsity)
    ranked = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    assert set(np.flatnonzero(mask)) == set(ranked[: mask_size(len(scores), sparsity)])


@given(st.lists(st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 5e-324]), min_size=2, max_size=60), st.floats(0.01, 0.99))
def test_mask_of_any_doubles(scores, sparsity):
    """By their bits: infinities, denormals and both zeros are in order, and zeros are equal."""
    test_mask_holds_the_highest_scores_and_prefers_lower_indices.hypothesis.inner_test(scores, sparsity)


def test_mask_over_several_blocks_and_from_a_file(tmp_path):
    scores = scratch_array((2**20 + 5000,), np.float64, tmp_path)
    scores[:] = np.random.default_rng(0).integers(-50, 50, len(scores))
    slow = np.zeros(len(scores), bool)
    slow[np.argsort(-scores, kind="stable")[: mask_size(len(scores), 0.3)]] = True
    np.testing.assert_array_equal(select_mask(scores, 0.3), slow)


@pytest.mark.parametrize(("weights", "sparsity", "size"), [(100, 0.04, 4), (10, 0.25, 3), (10, 1e-9, 1), (10, 0.999, 9)])
def test_mask_size_rounds_and_is_neither_empty_nor_full(weights, sparsity, size):
    assert mask_size(weights, sparsity) == size


@pytest.mark.parametrize("sparsity", [0, 1, -0.1, 1.1, float("nan"), "0.04"])
def test_sparsity_out_of_range_is_refused(sparsity):
    with pytest.raises(InputError):
        mask_size(10, sparsity)


@pytest.mark.parametrize("scores", [np.array([0.0, np.nan]), np.zeros((2, 2)), np.zeros(1)])
def test_malformed_scores_are_refused(scores):
    with pytest.raises(InputError):
        select_mask(scores, 0.5)
