"""The two levels of ternary projections: b_j over the cells of a row, a_l over the J(n + 1) cells of t."""

from __future__ import annotations

from functools import lru_cache
from typing import Sequence

import numpy as np

from ..exact import products
from ..field import powers
from ..layout import EnrolmentLayout
from ..ternary import combination, expand, expand_lane


@lru_cache(maxsize=1)  # round 1 and 2 use the same one
def first_level(layout: EnrolmentLayout, b: bytes) -> np.ndarray:
    """b_j over the A*P active cells in chunk order, int8 [J, A*P]."""
    return expand(b, lanes=layout.lanes, active_rows=layout.active_rows, rows=0, projections=layout.projections)[0]


@lru_cache(maxsize=1)
def second_level(layout: EnrolmentLayout, a: bytes) -> np.ndarray:
    """a_l over the cells of t, int8 [J, J(n + 1)]: one lane, cell j(n + 1) + k for t_jk."""
    return expand_lane(a, 0, layout.projections * (layout.client_rows + 1), layout.projections)


def row_projections(layout: EnrolmentLayout, b: bytes, gradients: np.ndarray, delta: Sequence[int]) -> list[list[int]]:
    """t_jk = <b_j, row_k> over the integers, [J][n + 1]; the last row is Delta."""
    over_cells = first_level(layout, b)
    rows = products(over_cells[:, : gradients.shape[1]], gradients)
    last = products(over_cells[:, : len(delta)], integers([delta]))
    return [[*row, *end] for row, end in zip(rows, last, strict=True)]


def range_projections(layout: EnrolmentLayout, a: bytes, t: list[list[int]]) -> list[int]:
    """v_l = <a_l, t> over the integers."""
    flat = [value for row in t for value in row]
    return [v for (v,) in products(second_level(layout, a), integers([flat]))]


def linear_form(layout: EnrolmentLayout, b: bytes, eta: int) -> list[int]:
    """c = sum_j eta^j b_j mod p over the A*P active cells."""
    return combination(eta, first_level(layout, b))


def range_weights(layout: EnrolmentLayout, a: bytes, zeta: int) -> list[int]:
    """A_jk = sum_l zeta^l a_l,jk mod p, cell j(n + 1) + k."""
    return combination(zeta, second_level(layout, a))


def row_weights(layout: EnrolmentLayout, eta: int, rho: int) -> list[int]:
    """eta^j rho^k, cell j(n + 1) + k; not reduced."""
    return [x * y for x in powers(eta, layout.projections) for y in powers(rho, layout.client_rows + 1)]


def integers(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Rows as int64 if every entry fits, else as Python integers."""
    large = any(abs(value) >= 1 << 62 for row in rows for value in row)
    return np.array(rows, dtype=object if large else np.int64)
