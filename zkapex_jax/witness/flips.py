"""Greedy flips: move single roundings of δ̂ to the other neighbour so that ‖e‖² falls below T2.

Where gradient rows are correlated, the rounding errors of δ̂ add up along one direction of e. A few cells that were
close to a tie, rounded the other way, cancel it at little cost in T1.
"""

from __future__ import annotations

import numpy as np

from zkapex_jax.witness.exact import column_blocks, sum_of_squares

#: Only remainders above this are flipped: a flip at r costs (1 − r)² − r² of squared rounding error.
MIN_REMAINDER = 0.35

_PASSES = 8
_FLIPS_A_PASS = 2000


def flip(rows: np.ndarray, remainder: np.ndarray, e: np.ndarray, goal: int) -> tuple[np.ndarray, np.ndarray]:
    """Flips [d] in {−1, 0, 1} to add to δ̂, and the e [N] that results, until ‖e‖² ≤ goal or nothing helps.

    Args:
        rows: int8 [N, d].
        remainder: δ* − δ̂ on free weights, 0 on masked ones; a flip goes in the direction of its sign.
        e: int64 [N], σ̂ − Ĝδ̂ before.
        goal: squared norm of e to reach.
    """
    flips, e = np.zeros(rows.shape[1], np.int64), e.copy()
    open_ = np.abs(remainder) > MIN_REMAINDER
    for _ in range(_PASSES):
        chosen = _candidates(rows, remainder, e, open_)
        used = _apply(rows, np.sign(remainder).astype(np.int64), e, chosen, flips, goal)
        open_[used] = False
        if not used or sum_of_squares(e) <= goal:
            break
    return flips, e


def _candidates(rows: np.ndarray, remainder: np.ndarray, e: np.ndarray, open_: np.ndarray) -> np.ndarray:
    """Indices whose flip lowers ‖e‖² now, the largest fall first."""
    fall = np.empty(rows.shape[1])
    for columns in column_blocks(rows):
        block = rows[:, columns].astype(np.float64)
        fall[columns] = 2 * np.sign(remainder[columns]) * (e @ block) - np.einsum("ij,ij->j", block, block)
    useful = np.flatnonzero(open_ & (fall > 0))
    return useful[np.argsort(-fall[useful], kind="stable")][:_FLIPS_A_PASS]


def _apply(rows: np.ndarray, signs: np.ndarray, e: np.ndarray, chosen: np.ndarray, flips: np.ndarray, goal: int) -> list[int]:
    """Flip in order while each still lowers ‖e‖², in integers; updates `e` and `flips`, returns what was flipped."""
    used, norm = [], sum_of_squares(e)
    for index in chosen.tolist():
        if norm <= goal:
            break
        step = signs[index] * rows[:, index].astype(np.int64)
        change = sum_of_squares(e - step) - norm
        if change < 0:
            e -= step
            flips[index], norm = signs[index], norm + change
            used.append(index)
    return used
