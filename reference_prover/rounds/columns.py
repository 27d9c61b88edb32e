"""Round 4: from claim and challenges to the columns of the tables.

The verifier scales and folds commitments by itself, so y stands in the circuit as mu^4 y, the gradient rows as
mu^6 sum_k rho^k G_k, and every public weight is written for those scaled cells.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Iterator, Sequence

import numpy as np

from .. import relation
from ..field import MODULUS, powers
from ..layout import Frame, Layout
from ..statement import Statement
from ..tables import Tables
from ..ternary import combination, expand
from ..transcript import Challenges
from .blinding import Blinding
from .claim import Claim
from .frame import Columns, cut, fold_blinding, lanes, running_sum
from .integers import bits_of, fold_rows


def assign(tables: Tables, layout: Layout, statement: Statement, claim: Claim, challenges: Challenges, blinding: Blinding) -> Columns:
    """Every advice and instance column, 2^k canonical field elements each."""
    columns = dict(secret_columns(layout, claim, challenges, blinding))
    columns |= dict(public_columns(layout, statement, claim, challenges))
    increment = lambda cell: relation.increment(cell, layout.lanes, layout.bit_columns)
    columns["acc"] = running_sum(layout, tables, columns, increment)
    return columns


def secret_columns(layout: Layout, claim: Claim, challenges: Challenges, blinding: Blinding) -> Iterator[tuple[str, list[int]]]:
    """theta_p, theta_u, y, fold, bits, q: committed by the client, with blinding rows."""
    yield from weight_columns(layout, "theta_p", claim.theta_p, blinding.theta_p)
    yield from weight_columns(layout, "theta_u", claim.theta_u, blinding.theta_u)
    yield from y_columns(layout, claim, blinding, pow(challenges.mu, 4, MODULUS))
    mu6 = pow(challenges.mu, 6, MODULUS)
    weights = powers(challenges.rho, layout.client_rows, mu6)  # forget rows have no blinding
    yield from lanes(layout, "fold", fold_rows(mu6, challenges.rho, claim.gradients), fold_blinding(layout, weights, blinding.gradients))
    yield from bits_columns(layout, claim, blinding)
    yield q_column(layout, claim, blinding)


def weight_columns(layout: Frame, name: str, values: Sequence[int], blinding: list[list[int]] | None) -> Iterator[tuple[str, list[int]]]:
    """One integer a weight, as weights before and after, gradient rows and masks are committed."""
    return lanes(layout, name, [value % MODULUS for value in values], blinding)


def y_columns(layout: Layout, claim: Claim, blinding: Blinding, scale: int = 1) -> Iterator[tuple[str, list[int]]]:
    """y with sigma and e in its tail: committed unscaled in round 1, in the circuit scaled by mu^4."""
    scaled = lambda values: [value * scale % MODULUS for value in values]
    tail = {0: scaled(claim.sigma), 1: scaled(claim.e)}
    return lanes(layout, "y", scaled(claim.y), [scaled(cells) for cells in blinding.y], tail)


def bits_columns(layout: Layout, claim: Claim, blinding: Blinding) -> Iterator[tuple[str, list[int]]]:
    """The bits of round 2."""
    for index, bits in enumerate(bit_columns(layout, claim)):
        yield f"bits.{index}", layout.column({0: bits, layout.blinding_start: blinding.bits[index]})


def q_column(layout: Layout, claim: Claim, blinding: Blinding) -> tuple[str, list[int]]:
    """q of round 3."""
    return "q", layout.column({0: claim.q, layout.blinding_start: blinding.q})


def public_columns(layout: Layout, statement: Statement, claim: Claim, challenges: Challenges) -> Iterator[tuple[str, list[int]]]:
    """free, v, c and the weights w: rebuilt by the verifier, no blinding."""
    yield from lanes(layout, "free", claim.free)
    yield "v", layout.column({layout.active_start: [v_value(statement, challenges)] * layout.active_rows})
    for name, values in plain_columns(layout, statement, challenges):
        yield name, layout.column({0: values})


def v_value(statement: Statement, challenges: Challenges) -> int:
    """v = mu^9 - gamma mu^4, the same on every active row."""
    return (pow(challenges.mu, 9, MODULUS) - statement.gamma * pow(challenges.mu, 4, MODULUS)) % MODULUS


def plain_columns(layout: Layout, statement: Statement, challenges: Challenges) -> Iterator[tuple[str, list[int]]]:
    """c and the weights w, each as long as prover and verifier write it: the length of a plain column enters the transcript."""
    mu, eta = challenges.mu, challenges.eta
    u = powers(mu, 12)
    rho = powers(challenges.rho, layout.rows)
    c, c_e = linear_form(layout, challenges.r, eta)
    for lane in range(layout.lanes):
        yield f"c.{lane}", [0] * layout.active_start + [mu * value % MODULUS for value in c[lane :: layout.lanes]]
    yield "w_sigma", [-u[2] * power % MODULUS for power in rho]
    yield "w_e", [(u[2] * power + u[6] * ce) % MODULUS for power, ce in zip(rho, c_e, strict=True)]
    yield "w_q", [-u[7] * power % MODULUS for power in rho]
    yield "w_sigma_q", [-mu % MODULUS] * layout.rows
    yield "w_e2", [u[3]] * layout.rows
    offset = (1 << (layout.window_bits - 1)) * sum(powers(eta, layout.projections))
    constant = u[10] * offset - u[8] * statement.t1 - u[11] * statement.t2 - statement.d
    yield "w_const", [constant % MODULUS]
    for index, weights in enumerate(cut(bit_weights(layout, challenges), layout.bits_per_column)):
        yield f"w_bits.{index}", weights


def ternary_vectors(layout: Layout, r: bytes) -> tuple[np.ndarray, np.ndarray]:
    """R over the A*P active cells in chunk order, int8 [J, A*P], and over the cells of e, int8 [J, rows]."""
    return expand(r, lanes=layout.lanes, active_rows=layout.active_rows, rows=layout.rows, projections=layout.projections)


@lru_cache(maxsize=1)  # rounds 3 and 4 use the same one
def linear_form(layout: Layout, r: bytes, eta: int) -> tuple[list[int], list[int]]:
    """c = sum_j eta^j R_j over the A*P active cells in chunk order, and over the cells of e."""
    over_weights, over_e = ternary_vectors(layout, r)
    return combination(eta, over_weights), combination(eta, over_e)


def bit_columns(layout: Layout, claim: Claim) -> list[list[int]]:
    """Bits of p_j + 2^(b-1) for every j, then of the slacks of T1, T2 and D; one string cut into columns."""
    offset = 1 << (layout.window_bits - 1)
    bits = [bit for p in claim.p for bit in bits_of(p + offset, layout.window_bits)]
    bits += [bit for slack, width in zip(claim.slacks, layout.slack_bits, strict=True) for bit in bits_of(slack, width)]
    return cut(bits, layout.bits_per_column)


def bit_weights(layout: Layout, challenges: Challenges) -> list[int]:
    """The weight of each of those bits: -mu^10 eta^j 2^i, then mu^8 2^i, mu^11 2^i and 2^i."""
    u = powers(challenges.mu, 12)
    weights = [-u[10] * eta_j * (1 << i) % MODULUS for eta_j in powers(challenges.eta, layout.projections) for i in range(layout.window_bits)]
    for power, width in zip((8, 11, 0), layout.slack_bits, strict=True):
        weights += [u[power] * (1 << i) % MODULUS for i in range(width)]
    return weights
