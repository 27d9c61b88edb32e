"""Round 4: from claim and challenges to the columns of the tables.

The verifier scales and folds commitments by itself, so y stands in the circuit as mu^4 y, the gradient rows as
mu^6 sum_k rho^k G_k, and every public weight is written for those scaled cells.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import Iterator, Mapping

import numpy as np

from .. import relation
from ..field import MODULUS, powers
from ..layout import Layout
from ..statement import Statement
from ..tables import Tables
from ..ternary import combination, expand
from ..transcript import Challenges
from .blinding import Blinding
from .claim import Claim
from .integers import bits_of, fold_rows

Columns = dict[str, list[int]]


def assign(tables: Tables, layout: Layout, statement: Statement, claim: Claim, challenges: Challenges, blinding: Blinding) -> Columns:
    """Every advice and instance column, 2^k canonical field elements each."""
    columns = dict(secret_columns(layout, claim, challenges, blinding))
    columns |= dict(public_columns(layout, statement, claim, challenges))
    columns["acc"] = running_sum(layout, tables, columns)
    return columns


def secret_columns(layout: Layout, claim: Claim, challenges: Challenges, blinding: Blinding) -> Iterator[tuple[str, list[int]]]:
    """theta_p, theta_u, y, fold, bits, q: committed by the client, with blinding rows."""
    mu, mu4 = challenges.mu, pow(challenges.mu, 4, MODULUS)
    scaled = lambda values: [value * mu4 % MODULUS for value in values]
    yield from _lanes(layout, "theta_p", [x % MODULUS for x in claim.theta_p], blinding.theta_p)
    yield from _lanes(layout, "theta_u", [x % MODULUS for x in claim.theta_u], blinding.theta_u)
    tail = {0: scaled(claim.sigma), 1: scaled(claim.e)}
    yield from _lanes(layout, "y", scaled(claim.y), [scaled(cells) for cells in blinding.y], tail)
    mu6 = pow(mu, 6, MODULUS)
    yield from _lanes(layout, "fold", fold_rows(mu6, challenges.rho, claim.gradients), fold_blinding(layout, mu6, challenges.rho, blinding))
    for index, bits in enumerate(bit_columns(layout, claim)):
        yield f"bits.{index}", layout.column({0: bits, layout.blinding_start: blinding.bits[index]})
    yield "q", layout.column({0: claim.q, layout.blinding_start: blinding.q})


def public_columns(layout: Layout, statement: Statement, claim: Claim, challenges: Challenges) -> Iterator[tuple[str, list[int]]]:
    """free, v, c and the weights w: rebuilt by the verifier, no blinding."""
    mu, eta = challenges.mu, challenges.eta
    u = powers(mu, 12)
    rho = powers(challenges.rho, layout.rows)
    c, c_e = linear_form(layout, challenges.r, eta)
    yield from _lanes(layout, "free", claim.free)
    yield from _lanes(layout, "c", [mu * value % MODULUS for value in c])
    yield "v", layout.column({layout.active_start: [(u[9] - statement.gamma * u[4]) % MODULUS] * layout.active_rows})
    yield "w_sigma", layout.column({0: [-u[2] * power % MODULUS for power in rho]})
    yield "w_e", layout.column({0: [(u[2] * power + u[6] * ce) % MODULUS for power, ce in zip(rho, c_e, strict=True)]})
    yield "w_q", layout.column({0: [-u[7] * power % MODULUS for power in rho]})
    yield "w_sigma_q", layout.column({0: [-mu % MODULUS] * layout.rows})
    yield "w_e2", layout.column({0: [u[3]] * layout.rows})
    offset = (1 << (layout.window_bits - 1)) * sum(powers(eta, layout.projections))
    constant = u[10] * offset - u[8] * statement.t1 - u[11] * statement.t2 - statement.d
    yield "w_const", layout.column({0: [constant % MODULUS]})
    for index, weights in enumerate(_cut(layout, bit_weights(layout, challenges))):
        yield f"w_bits.{index}", layout.column({0: weights})


def ternary_vectors(layout: Layout, r: bytes) -> tuple[np.ndarray, np.ndarray]:
    """R over the A*P active cells in chunk order, int8 [J, A*P], and over the cells of e, int8 [J, rows]."""
    return expand(r, lanes=layout.lanes, active_rows=layout.active_rows, rows=layout.rows, projections=layout.projections)


@lru_cache(maxsize=1)  # rounds 3 and 4 use the same one
def linear_form(layout: Layout, r: bytes, eta: int) -> tuple[list[int], list[int]]:
    """c = sum_j eta^j R_j over the A*P active cells in chunk order, and over the cells of e."""
    over_weights, over_e = ternary_vectors(layout, r)
    return combination(eta, over_weights), combination(eta, over_e)


def fold_blinding(layout: Layout, mu6: int, rho: int, blinding: Blinding) -> list[list[int]]:
    """The blinding cells of mu^6 sum_{k<n} rho^k G_k: a fold of commitments folds their blinding, too."""
    weights = powers(rho, layout.client_rows, mu6)
    fold = lambda lane, row: sum(w * cells[lane][row] for w, cells in zip(weights, blinding.gradients, strict=True)) % MODULUS
    return [[fold(lane, row) for row in range(layout.blinding_rows)] for lane in range(layout.lanes)]


def bit_columns(layout: Layout, claim: Claim) -> list[list[int]]:
    """Bits of p_j + 2^(b-1) for every j, then of the slacks of T1, T2 and D; one string cut into columns."""
    offset = 1 << (layout.window_bits - 1)
    bits = [bit for p in claim.p for bit in bits_of(p + offset, layout.window_bits)]
    bits += [bit for slack, width in zip(claim.slacks, layout.slack_bits, strict=True) for bit in bits_of(slack, width)]
    return _cut(layout, bits)


def bit_weights(layout: Layout, challenges: Challenges) -> list[int]:
    """The weight of each of those bits: -mu^10 eta^j 2^i, then mu^8 2^i, mu^11 2^i and 2^i."""
    u = powers(challenges.mu, 12)
    weights = [-u[10] * eta_j * (1 << i) % MODULUS for eta_j in powers(challenges.eta, layout.projections) for i in range(layout.window_bits)]
    for power, width in zip((8, 11, 0), layout.slack_bits, strict=True):
        weights += [u[power] * (1 << i) % MODULUS for i in range(width)]
    return weights


def running_sum(layout: Layout, tables: Tables, columns: Columns) -> list[int]:
    """acc_0 = 0, acc_{i+1} = acc_i + what row i adds, for the rows before the blinding rows."""
    stop = layout.blinding_start
    arrays = {name: np.array(values[:stop], dtype=object) for name, values in (dict(tables.fixed) | columns).items()}
    acc = [0]
    for added in relation.increment(arrays.__getitem__, layout.lanes, layout.bit_columns):
        acc.append((acc[-1] + added) % MODULUS)
    return layout.column({0: acc})


def _cut(layout: Layout, values: list[int]) -> list[list[int]]:
    size = layout.bits_per_column
    return [values[start : start + size] for start in range(0, len(values), size)]


def _lanes(
    layout: Layout, name: str, values: list[int], blinding: list[list[int]] | None = None, tail: Mapping[int, list[int]] = MappingProxyType({})
) -> Iterator[tuple[str, list[int]]]:
    for lane, column in enumerate(layout.active_columns(values)):
        column[: len(tail.get(lane, ()))] = tail.get(lane, ())
        if blinding is not None:
            column[layout.blinding_start : layout.blinding_start + layout.blinding_rows] = blinding[lane]
        yield f"{name}.{lane}", column
