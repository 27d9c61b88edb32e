"""Dishonest enrolments: each breaks one of the four sums and no other."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Callable

from ..enrolment.claim import EnrolmentClaim
from ..enrolment.projections import linear_form, range_projections
from ..enrolment.transcript import EnrolmentChallenges
from ..layout import EnrolmentLayout

Change = Callable[[EnrolmentLayout, EnrolmentClaim, EnrolmentChallenges], None]


@dataclass(frozen=True)
class Forgery:
    """`change` breaks exactly the sum at mu^power; `renews` if it needs a re-enrolment."""

    power: int
    change: Change
    renews: bool = False

    @property
    def name(self) -> str:
        return self.change.__name__

    def forge(self, layout: EnrolmentLayout, claim: EnrolmentClaim, challenges: EnrolmentChallenges) -> EnrolmentClaim:
        """A changed copy of an honest claim."""
        forged = deepcopy(claim)
        self.change(layout, forged, challenges)
        return forged


def overdraw_distance(_: EnrolmentLayout, claim: EnrolmentClaim, __: EnrolmentChallenges) -> None:
    """Says one unit more of D0 is left than there is."""
    claim.slack += 1


def shift_projection(layout: EnrolmentLayout, claim: EnrolmentClaim, challenges: EnrolmentChallenges) -> None:
    """Claims another t_jk of a gradient row, and v to match."""
    claim.t[2][1] += 1
    claim.v = range_projections(layout, challenges.a, claim.t)


def shift_distance_projection(layout: EnrolmentLayout, claim: EnrolmentClaim, challenges: EnrolmentChallenges) -> None:
    """Claims another t_jk of Delta, and v to match."""
    claim.t[1][-1] -= 1
    claim.v = range_projections(layout, challenges.a, claim.t)


def use_forgotten(layout: EnrolmentLayout, claim: EnrolmentClaim, challenges: EnrolmentChallenges) -> None:
    """Has a gradient on a forgotten weight."""
    claim.gradients[1, _forgotten(layout, claim, challenges)] = 5


def keep_forgotten(layout: EnrolmentLayout, claim: EnrolmentClaim, challenges: EnrolmentChallenges) -> None:
    """Keeps a forgotten weight alive; the slack follows, t does not count the cell."""
    cell = _forgotten(layout, claim, challenges)
    claim.theta_p[cell] = 3
    if claim.current is not None:
        claim.current[cell] = 3
    claim.slack -= 9


def move_range(_: EnrolmentLayout, claim: EnrolmentClaim, __: EnrolmentChallenges) -> None:
    """Claims another v_l."""
    claim.v[1] += 1


def replace_weights(layout: EnrolmentLayout, claim: EnrolmentClaim, challenges: EnrolmentChallenges) -> None:
    """Renews with other weights than the ledger's current ones."""
    c = linear_form(layout, challenges.b, challenges.eta)
    claim.current[next(i for i, f in enumerate(claim.free) if f and c[i])] += 1


def _forgotten(layout: EnrolmentLayout, claim: EnrolmentClaim, challenges: EnrolmentChallenges) -> int:
    c = linear_form(layout, challenges.b, challenges.eta)
    return next(i for i, f in enumerate(claim.free) if not f and c[i])


FORGERIES = (
    Forgery(0, overdraw_distance),
    Forgery(1, shift_projection),
    Forgery(1, shift_distance_projection),
    Forgery(1, replace_weights, renews=True),
    Forgery(2, use_forgotten),
    Forgery(2, keep_forgotten),
    Forgery(3, move_range),
)
