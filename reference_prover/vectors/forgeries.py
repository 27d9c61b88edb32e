"""One dishonest claim for each of the seven sums: it breaks that sum and no other."""

from __future__ import annotations

from copy import deepcopy
from typing import Callable

from ..field import MODULUS
from ..layout import Layout
from ..rounds.claim import Claim
from ..rounds.columns import linear_form, ternary_vectors
from ..transcript import Challenges

Forge = Callable[[Layout, Claim, Challenges], None]


def forge(power: int, layout: Layout, claim: Claim, challenges: Challenges) -> Claim:
    """A copy of an honest claim that breaks exactly the sum at this power of mu."""
    forged = deepcopy(claim)
    FORGERIES[power](layout, forged, challenges)
    return forged


def overdraw_budget(_: Layout, claim: Claim, __: Challenges) -> None:
    """Says one unit more of D is left than there is."""
    slack_1, slack_2, slack_d = claim.slacks
    claim.slacks = slack_1, slack_2, slack_d + 1


def bend_residual(layout: Layout, claim: Claim, challenges: Challenges) -> None:
    """Changes y where T1 does not count it: on a masked weight that c reads."""
    c, _ = linear_form(layout, challenges.r, challenges.eta)
    cell = next(i for i, f in enumerate(claim.free) if not f and c[i])
    claim.y[cell] += 1


def shift_row(layout: Layout, claim: Claim, challenges: Challenges) -> None:
    """Changes one e_k (so that sigma_k - e_k is no longer <G_k, delta>), p_j and the slack of T2 to match."""
    _, over_e = ternary_vectors(layout, challenges.r)
    before, k = sum(e * e for e in claim.e), 2
    claim.e[k] += 1
    claim.p = [p + int(row[k]) for p, row in zip(claim.p, over_e, strict=True)]
    slack_1, slack_2, slack_d = claim.slacks
    claim.slacks = slack_1, slack_2 + before - sum(e * e for e in claim.e), slack_d


def turn_products(_: Layout, claim: Claim, __: Challenges) -> None:
    """Moves q at right angles to sigma, so that sum_k sigma_k q_k stays."""
    claim.q[0] = (claim.q[0] + claim.sigma[1] * 12345) % MODULUS
    claim.q[1] = (claim.q[1] - claim.sigma[0] * 12345) % MODULUS


def hide_gradient(_: Layout, claim: Claim, __: Challenges) -> None:
    """Says that sum f y^2 is one smaller than it is."""
    slack_1, slack_2, slack_d = claim.slacks
    claim.slacks = slack_1 + 1, slack_2, slack_d


def move_window(_: Layout, claim: Claim, __: Challenges) -> None:
    """Claims another p_j."""
    claim.p[1] += 1


def hide_rounding(_: Layout, claim: Claim, __: Challenges) -> None:
    """Says that sum e^2 is one smaller than it is."""
    slack_1, slack_2, slack_d = claim.slacks
    claim.slacks = slack_1, slack_2 + 1, slack_d


FORGERIES: dict[int, Forge] = {
    0: overdraw_budget,
    5: bend_residual,
    6: shift_row,
    7: turn_products,
    8: hide_gradient,
    10: move_window,
    11: hide_rounding,
}
