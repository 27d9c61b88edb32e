"""The four sums that mu separates, each computed directly from the claim: the slow oracle for the accumulator."""

from __future__ import annotations

from ..field import MODULUS, powers
from ..layout import EnrolmentLayout
from ..rounds.integers import squares
from ..rounds.sums import dot
from .claim import EnrolmentClaim
from .columns import fold
from .projections import linear_form, range_weights, row_weights
from .statement import EnrolmentStatement
from .transcript import EnrolmentChallenges

NAMES = {
    0: "distance: sum Delta^2 = D0 - slack",
    1: "rows: <b_j, row_k> = t_jk for every j and k, and theta_p = theta_current where it renews",
    2: "mask: rows and theta_p are zero on pads and forgotten weights",
    3: "ranges: <a_l, t> = v_l for every l",
}


def four_sums(
    layout: EnrolmentLayout, statement: EnrolmentStatement, claim: EnrolmentClaim, challenges: EnrolmentChallenges
) -> dict[int, int]:
    """Power of mu -> what is left of that sum, mod p; all zero for an honest claim."""
    c = linear_form(layout, challenges.b, challenges.eta)
    folded = fold(layout, claim, powers(challenges.rho, layout.client_rows + 2))
    on = [*claim.free, *[0] * (layout.capacity - len(claim.free))]
    t = [value for row in claim.t for value in row]
    by_mask = lambda kept: sum(x * y for f, x, y in zip(on, c, folded, strict=True) if f == kept)
    sums = {
        0: squares(claim.delta) - (statement.d0 - claim.slack),
        1: by_mask(1) - dot(row_weights(layout, challenges.eta, challenges.rho), t),
        2: by_mask(0),
        3: dot(range_weights(layout, challenges.a, challenges.zeta), t) - dot(powers(challenges.zeta, layout.projections), claim.v),
    }
    return {power: value % MODULUS for power, value in sums.items()}


def broken(sums: dict[int, int]) -> list[str]:
    """The names of the sums that are not zero."""
    return [f"mu^{power} {NAMES[power]}" for power, value in sums.items() if value]
