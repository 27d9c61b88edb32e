"""The honest witness of one chunk: round the optimum, keep everything exact, refuse before proving what cannot pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.obs import Compensation, group_obs
from zkapex_jax.presets import Preset
from zkapex_jax.witness.certificate import Certificate, certify
from zkapex_jax.witness.exact import INT64_LIMIT, residual, round_to_int64, row_products, sum_of_squares
from zkapex_jax.witness.flips import flip
from zkapex_jax.witness.inputs import ChunkInputs, check_weights, parse_chunk
from zkapex_jax.witness.rules import Sums, check_slack_widths, rules

#: Bits between ‖(δ̂, e)‖ and the window: an honest projection leaves its window with chance 2^-84.
WINDOW_MARGIN_BITS = 4

#: Flips bring ‖e‖² to this part of T2, well clear of it.
_FLIP_GOAL = 16


@dataclass(frozen=True)
class ChunkWitness:
    """θ̂u int32 [d], σ̂ int64 [N], ŷ int64 [d] and e int64 [N], the three sums, T1 and T2, flips made, certificate."""

    theta_u: np.ndarray
    sigma: np.ndarray
    y: np.ndarray
    e: np.ndarray
    sums: Sums
    t1: int
    t2: int
    flips: int
    certificate: Certificate


def build_chunk(theta_p: np.ndarray, gradients: np.ndarray, forget: np.ndarray, gamma: int, mask: np.ndarray,
                preset: Preset) -> ChunkWitness:  # fmt: skip
    """Solve, round and certify one chunk.

    Args:
        theta_p: int32 [d], θ̂p. gradients: int8 [n, d]. forget: int8 [K, d]. gamma: γ̂ on the grid.
        mask: bool [d], true where the weight is or was forgotten (cumulative or new).

    Raises:
        InputError: an input is malformed; the projections would not fit their window; T1 or T2 does not fit its slack;
            or the rounded optimum misses T1 or T2. Nothing is proven then.
    """
    inputs = parse_chunk(theta_p, gradients, forget, gamma, mask, preset)
    t1, t2 = rules(gamma, inputs.weights, preset.rows)
    check_slack_widths(t1, t2, None, preset)
    optimum = group_obs(inputs.rows, float(gamma), inputs.theta, mask)
    delta, sigma, e, flips = _round(inputs, optimum, t2)
    theta_u = inputs.theta + delta
    check_weights(theta_u, "updated weight")
    check_window(delta, e, preset)
    y = residual(inputs.rows, gamma, delta, sigma)
    sums = Sums(sum_of_squares(y[~mask]), sum_of_squares(e), sum_of_squares(delta[~mask]))
    _check_thresholds(sums, t1, t2)
    certificate = certify(inputs.rows, gamma, (t1, t2), (sums.t1, sums.t2), delta, optimum.delta)
    return ChunkWitness(theta_u.astype(np.int32), sigma, y, e, sums, t1, t2, flips, certificate)


def check_window(delta: np.ndarray, e: np.ndarray, preset: Preset) -> None:
    """‖(δ̂, e)‖ ≤ 2^(b − 4), so that ternary projections of it fit b bits.

    Raises:
        InputError: it is larger.
    """
    limit = 2 ** (preset.window_bits - WINDOW_MARGIN_BITS)
    norm = sum_of_squares(delta) + sum_of_squares(e)
    if norm > limit * limit:
        raise InputError(f"‖(δ, e)‖² must be at most 2^{2 * (preset.window_bits - WINDOW_MARGIN_BITS)}", code="window",
                         field="window", value=norm, hint=_window_hint(delta, e))  # fmt: skip


def _round(inputs: ChunkInputs, optimum: Compensation, t2: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """δ̂, σ̂, e and the number of flips. −θ̂ is an integer, so masked weights round to exactly zero."""
    delta = round_to_int64(optimum.delta, 2**inputs.preset.window_bits, "compensation of weight")
    sigma = round_to_int64(optimum.sigma, INT64_LIMIT, "sigma")
    e = sigma - row_products(inputs.rows, delta)
    if sum_of_squares(e) <= t2:
        return delta, sigma, e, 0
    flips, e = flip(inputs.rows, np.where(inputs.mask, 0.0, optimum.delta - delta), e, t2 // _FLIP_GOAL)
    return delta + flips, sigma, e, int(np.count_nonzero(flips))


def _check_thresholds(sums: Sums, t1: int, t2: int) -> None:
    for name, value, threshold in (("T1", sums.t1, t1), ("T2", sums.t2, t2)):
        if value > threshold:
            raise InputError(f"the rounded optimum reaches {value}, above the threshold", code="certificate", field=name,
                             value=threshold, hint="enrol with a larger damping, or with more weights a chunk")  # fmt: skip


def _window_hint(delta: np.ndarray, e: np.ndarray) -> str:
    if sum_of_squares(e) > sum_of_squares(delta):
        return "gradient rows are too large for this damping: enrol with a larger damping"
    return "mask fewer weights of this chunk, use smaller chunks, or enrol with a larger damping"
