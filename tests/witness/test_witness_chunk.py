"""Honest witnesses: exact sums, the certificate's promise, flips, and every refusal before proving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zkapex_jax.errors import InputError
from zkapex_jax.obs import group_obs
from zkapex_jax.obs import reference as dense
from zkapex_jax.presets import PRESETS, TOY
from zkapex_jax.quantize import gamma_grid
from zkapex_jax.witness import (
    ChunkWitness, Sums, build_chunk, certified_distance, certified_gap, check_budget, check_slack_widths, check_window, reference, rules,
)  # fmt: skip
from zkapex_jax.witness.flips import MIN_REMAINDER, flip

Make = Callable[..., dict[str, Any]]
FUZZ = settings(deadline=None, max_examples=25)
SEEDS = st.integers(0, 2**32 - 1)
CORRELATIONS = st.sampled_from([0.0, 0.3, 0.9, 0.99, 1.0])


def stacked(chunk: dict[str, Any]) -> np.ndarray:
    return np.concatenate([chunk["gradients"], chunk["forget"]])


def check_exact(chunk: dict[str, Any], witness: ChunkWitness) -> None:
    """Everything in the witness again, in Python integers."""
    rows, mask = stacked(chunk).tolist(), chunk["mask"].tolist()
    delta = [new - old for new, old in zip(witness.theta_u.tolist(), chunk["theta_p"].tolist(), strict=True)]
    sigma = witness.sigma.tolist()
    assert witness.e.tolist() == reference.errors(rows, delta, sigma)
    assert witness.y.tolist() == reference.residual(rows, chunk["gamma"], delta, sigma)
    assert witness.sums == reference.sums(rows, chunk["gamma"], delta, sigma, mask)
    assert (witness.t1, witness.t2) == (chunk["gamma"] ** 2 * len(mask) // 8, 32 * len(rows) * chunk["gamma"])
    assert witness.sums.t1 <= witness.t1 and witness.sums.t2 <= witness.t2
    assert all(new == 0 for new, masked in zip(witness.theta_u.tolist(), mask, strict=True) if masked)


@FUZZ
@given(seed=SEEDS, weights=st.integers(128, TOY.capacity), correlation=CORRELATIONS, share=st.sampled_from([0.0, 0.05, 0.5, 1.0]))
def test_witness_is_exact(synthetic: Make, seed: int, weights: int, correlation: float, share: float) -> None:
    chunk = synthetic(seed, weights, correlation, share)
    check_exact(chunk, build_chunk(**chunk))


@FUZZ
@given(seed=SEEDS, weights=st.integers(128, 300), correlation=CORRELATIONS)
def test_certificate_bounds_the_truth(synthetic: Make, seed: int, weights: int, correlation: float) -> None:
    """The distance and gap to the dense optimum, computed by other code, never exceed what is certified."""
    chunk = synthetic(seed, weights, correlation)
    witness, rows = build_chunk(**chunk), stacked(chunk)
    best = dense.group_obs(rows, chunk["gamma"], chunk["theta_p"], chunk["mask"]).delta
    delta = (witness.theta_u - chunk["theta_p"]).astype(np.float64)
    certificate, curvature = witness.certificate, dense.curvature(rows, chunk["gamma"])
    np.testing.assert_allclose(np.linalg.norm(delta - best), certificate.true_distance, rtol=1e-6)
    np.testing.assert_allclose(0.5 * (delta - best) @ curvature @ (delta - best), certificate.true_gap, rtol=1e-6)
    assert certificate.true_distance <= certificate.attained_distance * (1 + 1e-9)
    assert certificate.attained_distance <= certificate.certified_distance
    assert certificate.true_gap <= certificate.attained_gap * (1 + 1e-9) <= certificate.certified_gap * (1 + 2e-9)
    assert certificate.tightness <= 1


@FUZZ
@given(seed=SEEDS, spread=st.floats(0, 1e5))
def test_certificate_holds_far_from_the_optimum(synthetic: Make, seed: int, spread: float) -> None:
    """The inequality is no property of honest rounding: any δ and σ obey it."""
    chunk = synthetic(seed, 60, 0.3)
    rows, gamma, mask, rng = stacked(chunk), chunk["gamma"], chunk["mask"], np.random.default_rng(seed)
    best = group_obs(rows, gamma, chunk["theta_p"], mask)
    delta = np.rint(np.where(mask, best.delta, best.delta + spread * rng.normal(size=60))).astype(int)
    sigma = np.rint(best.sigma + 100 * spread * rng.normal(size=len(rows))).astype(int)
    sums = reference.sums(rows.tolist(), gamma, delta.tolist(), sigma.tolist(), mask.tolist())
    assert np.linalg.norm(delta - best.delta) <= certified_distance(sums.t1, sums.t2, gamma) * (1 + 1e-9)
    z = delta - best.delta
    assert 0.5 * z @ dense.curvature(rows, gamma) @ z <= certified_gap(sums.t1, sums.t2, gamma) * (1 + 1e-9)


@FUZZ
@given(seed=SEEDS, correlation=st.sampled_from([0.9, 1.0]), part=st.integers(2, 64))
@example(seed=3464598, correlation=1.0, part=2)  # δ* is one small multiple of the row: no remainder is near a tie
def test_flips_lower_the_error(synthetic: Make, seed: int, correlation: float, part: int) -> None:
    chunk = synthetic(seed, TOY.capacity, correlation)
    rows = stacked(chunk)
    best = group_obs(rows, chunk["gamma"], chunk["theta_p"], chunk["mask"])
    delta, sigma = np.rint(best.delta).astype(np.int64), np.rint(best.sigma).astype(np.int64)
    remainder = np.where(chunk["mask"], 0, best.delta - delta)
    before = sigma - rows.astype(np.int64) @ delta
    goal = int((before**2).sum()) // part
    flips, after = flip(rows, remainder, before, goal)
    assert after.tolist() == (sigma - rows.astype(np.int64) @ (delta + flips)).tolist()
    ties = (np.abs(remainder) > MIN_REMAINDER).nonzero()[0]
    helps = any(((before - rows[:, i] * np.sign(remainder[i])) ** 2).sum() < (before**2).sum() for i in ties)
    assert (after**2).sum() < (before**2).sum() if helps else not flips.any()
    moved = flips != 0
    assert set(flips.tolist()) <= {-1, 0, 1} and (np.abs(remainder[moved]) > MIN_REMAINDER).all()
    assert (np.sign(remainder[moved]) == flips[moved]).all()


def test_build_flips_where_rounding_misses_t2(synthetic: Make) -> None:
    """Identical rows and a damping far below the rule's: some seeds miss T2 by rounding alone, and flips mend them."""
    flipped = 0
    for seed in range(12):
        chunk = synthetic(seed, correlation=1.0)
        chunk["gamma"] = gamma_grid(chunk["gamma"] / 8)
        witness = build_chunk(**chunk)
        check_exact(chunk, witness)
        flipped += witness.flips > 0
        assert witness.flips == 0 or witness.sums.t2 <= witness.t2 / 10
    assert flipped >= 1


def test_threshold_that_flips_cannot_reach(synthetic: Make) -> None:
    chunk = synthetic(0) | {"gamma": 1}
    with pytest.raises(InputError, match="larger damping") as error:
        build_chunk(**chunk)
    assert error.value.code == "certificate" and error.value.field in ("T1", "T2")


def test_empty_and_full_masks(synthetic: Make) -> None:
    nothing, everything = synthetic(0, share=0.0), synthetic(0, share=1.0)
    witness = build_chunk(**nothing)
    np.testing.assert_array_equal(witness.theta_u, nothing["theta_p"])
    assert witness.sums == Sums(0, 0, 0)
    witness = build_chunk(**everything)
    assert not witness.theta_u.any() and (witness.sums.t1, witness.sums.d) == (0, 0)
    check_exact(everything, witness)


def test_forgotten_weights_stay_zero(synthetic: Make) -> None:
    """A later request runs on the updated weights with the cumulative mask."""
    chunk = synthetic(3)
    first = build_chunk(**chunk)
    chunk["theta_p"], chunk["mask"] = first.theta_u, chunk["mask"] | (np.random.default_rng(0).random(TOY.capacity) < 0.05)
    second = build_chunk(**chunk)
    check_exact(chunk, second)
    assert not second.theta_u[chunk["mask"]].any()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"theta_p": np.zeros(10, np.int32)}, "gradients"),
        ({"theta_p": np.zeros(TOY.capacity + 1, np.int32)}, "theta"),
        ({"theta_p": np.zeros(0, np.int32)}, "theta"),
        ({"theta_p": np.zeros((1, TOY.capacity), np.int32)}, "theta"),
        ({"theta_p": np.zeros(TOY.capacity)}, "theta"),
        ({"theta_p": np.zeros(TOY.capacity, np.int64)}, "theta"),
        ({"theta_p": np.full(TOY.capacity, 2**28, np.int32)}, "theta 0"),
        ({"theta_p": np.full(TOY.capacity, -(2**31), np.int32)}, "theta 0"),
        ({"gradients": np.zeros((7, TOY.capacity), np.int8)}, "gradients"),
        ({"gradients": np.zeros((8, TOY.capacity), np.float32)}, "gradients"),
        ({"gradients": np.zeros((8, TOY.capacity), np.uint8)}, "gradients"),
        ({"forget": np.zeros((8, TOY.capacity), np.int8)}, "forget rows"),
        ({"mask": np.zeros(TOY.capacity, np.int8)}, "mask"),
        ({"mask": np.zeros(TOY.capacity - 1, bool)}, "mask"),
        ({"gamma": 0}, "gamma"),
        ({"gamma": -4}, "gamma"),
        ({"gamma": 5}, "gamma"),
        ({"gamma": 4.0}, "gamma"),
        ({"gamma": 2**40}, "gamma"),
        ({"gamma": 2**39}, "T1"),
        ({"gamma": 2**29}, "T1"),
    ],
)
def test_bad_inputs(synthetic: Make, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as error:
        build_chunk(**synthetic(0) | change)
    assert error.value.field == field


def test_updated_weight_must_stay_in_range(synthetic: Make) -> None:
    """A free weight at 2^28 − 1 that the compensation pushes up."""
    chunk = synthetic(0, share=0.3)
    change = np.where(chunk["mask"], 0, build_chunk(**chunk).theta_u - chunk["theta_p"])
    chunk["theta_p"] = np.where(np.arange(TOY.capacity) == change.argmax(), 2**28 - 1, chunk["theta_p"]).astype(np.int32)
    assert change.max() > 0
    with pytest.raises(InputError, match="2\\^28") as error:
        build_chunk(**chunk)
    assert error.value.field == f"updated weight {change.argmax()}"


def test_window(synthetic: Make) -> None:
    limit = 2 ** (TOY.window_bits - 4)
    for delta, e in (([limit], [0]), ([0], [-limit]), ([3 * limit // 5], [4 * limit // 5])):
        check_window(np.array(delta), np.array(e), TOY)
    for delta, e, hint in (([limit], [1], "mask fewer"), ([0], [limit + 1], "rows are too large"), ([-limit - 1], [0], "mask")):
        with pytest.raises(InputError, match=hint) as error:
            check_window(np.array(delta), np.array(e), TOY)
        assert error.value.code == "window"
    chunk = synthetic(0, share=1.0)
    chunk["theta_p"] = np.full(TOY.capacity, 2**21, np.int32)
    with pytest.raises(InputError, match="mask fewer"):
        build_chunk(**chunk)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_slacks_hold_the_rules_of_honest_rows(preset: Any) -> None:
    """Even rows of 127 throughout give a damping whose T1 and T2 fit the preset's slacks."""
    gamma = gamma_grid(127**2 * preset.capacity / 32)
    check_slack_widths(*rules(gamma, preset.capacity, preset.rows), None, preset)


def test_slack_edges() -> None:
    t1, t2, d = (2**bits for bits in TOY.slack_bits)
    check_slack_widths(t1 - 1, t2 - 1, d - 1, TOY)
    for name, values in (("T1", (t1, 0, 0)), ("T2", (0, t2, 0)), ("D", (0, 0, d)), ("D", (0, 0, -1))):
        with pytest.raises(InputError) as error:
            check_slack_widths(*values, TOY)
        assert error.value.field == name


def test_budget() -> None:
    check_budget(Sums(5, 5, 100), 100, TOY)
    with pytest.raises(InputError, match="budget") as error:
        check_budget(Sums(0, 0, 100), 99, TOY)
    assert error.value.code == "budget"
    with pytest.raises(InputError, match="2\\^56"):
        check_budget(Sums(0, 0, 100), 2**56, TOY)


@given(st.integers(1, 2**39), st.integers(1, 2**20), st.integers(1, 200))
def test_rules(gamma: int, d: int, rows: int) -> None:
    t1, t2 = rules(gamma, d, rows)
    assert 8 * t1 <= gamma**2 * d < 8 * (t1 + 1) and t2 == 32 * rows * gamma
    np.testing.assert_allclose(certified_distance(t1, t2, gamma), (t1**0.5 / gamma) + (8 * rows) ** 0.5, rtol=1e-9)


def test_other_preset_is_refused(synthetic: Make) -> None:
    with pytest.raises(InputError, match="gradients"):
        build_chunk(**synthetic(0) | {"preset": replace(TOY, client_rows=4)})
