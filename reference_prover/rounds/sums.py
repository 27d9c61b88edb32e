"""The seven sums that mu separates, each computed directly from the claim: the slow oracle for the accumulator.

acc ends at sum_i mu^i * sums[i]; fold.last says that this is 0, hence (mu is drawn last) that each sum is.
"""

from __future__ import annotations

from operator import mul
from typing import Sequence

from ..field import MODULUS, powers
from ..layout import Layout
from ..statement import Statement
from ..transcript import Challenges
from .claim import Claim
from .columns import linear_form
from .integers import on_free, squares

NAMES = {
    0: "budget: sum f delta^2 = D - slack",
    5: "residual: <c, y> - gamma <c, delta> = sum_k sigma_k q_k",
    6: "rows: <G_k, delta> = sigma_k - e_k for every k",
    7: "products: <c, G_k> = q_k for every k",
    8: "stationarity: sum f y^2 = T1 - slack",
    10: "windows: <R_j, (delta, e)> = p_j for every j",
    11: "rounding: sum e^2 = T2 - slack",
}


def seven_sums(layout: Layout, statement: Statement, claim: Claim, challenges: Challenges) -> dict[int, int]:
    """Power of mu -> what is left of that sum, mod p; all zero for an honest claim."""
    c, c_e = linear_form(layout, challenges.r, challenges.eta)
    c = c[: statement.weights]
    rho, eta = powers(challenges.rho, layout.rows), powers(challenges.eta, layout.projections)
    rows = [row.tolist() for row in claim.gradients]
    delta, (slack_1, slack_2, slack_d) = claim.delta, claim.slacks
    sums = {
        0: squares(on_free(claim.free, delta)) - (statement.d - slack_d),
        5: dot(c, claim.y) - statement.gamma * dot(c, delta) - dot(claim.sigma, claim.q),
        6: dot(rho, [dot(row, delta) - sigma + e for row, sigma, e in zip(rows, claim.sigma, claim.e, strict=True)]),
        7: dot(rho, [dot(c, row) - q for row, q in zip(rows, claim.q, strict=True)]),
        8: squares(on_free(claim.free, claim.y)) - (statement.t1 - slack_1),
        10: dot(c, delta) + dot(c_e, claim.e) - dot(eta, claim.p),
        11: squares(claim.e) - (statement.t2 - slack_2),
    }
    return {power: value % MODULUS for power, value in sums.items()}


def broken(sums: dict[int, int]) -> list[str]:
    """The names of the sums that are not zero."""
    return [f"mu^{power} {NAMES[power]}" for power, value in sums.items() if value]


def at(mu: int, sums: dict[int, int]) -> int:
    """sum_i mu^i sums[i] mod p: where acc ends."""
    return sum(pow(mu, power, MODULUS) * value for power, value in sums.items()) % MODULUS


def dot(left: Sequence[int], right: Sequence[int]) -> int:
    """<left, right> over the integers. Raises ValueError if the lengths differ."""
    if len(left) != len(right):
        raise ValueError(f"lengths {len(left)} and {len(right)} differ")
    return sum(map(mul, left, right))
