"""The commitments of one chunk's enrolment: those that the statement names, and those that the verifier derives from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from ..chunk import Commitments, commit_columns
from ..curve import Curve, Point
from ..field import powers
from ..layout import EnrolmentLayout
from ..rounds.columns import weight_columns
from ..srs import Srs
from .blinding import EnrolmentBlinding
from .transcript import EnrolmentChallenges, EnrolmentPoints
from .witness import EnrolmentWitness

HIDING = {"theta_p": True, "gradients": True, "base_free": False, "theta_current": True}  # base_free has no blinding


@dataclass(frozen=True)
class EnrolledPoints:
    """theta_p and base_free (f_cum theta_0) a lane; gradients row by row, lanes within; theta_current (the ledger's) a lane for a
    re-enrolment, none for a first enrolment."""

    theta_p: Commitments
    gradients: Commitments
    base_free: Commitments
    theta_current: Commitments

    @classmethod
    def decode(cls, curve: Curve, data: Mapping[str, Sequence[bytes]]) -> "EnrolledPoints":
        """From bytes by label. Raises PointError."""
        return cls(**{label: Commitments.decode(curve, data[label], label, hiding=hiding) for label, hiding in HIDING.items()})

    def require_fit(self, layout: EnrolmentLayout, renews: bool) -> None:
        """Raises StatementError unless there are as many as the layout has lanes and rows."""
        for label, rows in (("theta_p", 1), ("gradients", layout.client_rows), ("base_free", 1), ("theta_current", int(renews))):
            getattr(self, label).require(rows * layout.lanes, label)

    @property
    def public(self) -> EnrolmentPoints:
        """As the transcript absorbs them."""
        return EnrolmentPoints(*(getattr(self, label).data for label in HIDING))


def commit_statement(srs: Srs, layout: EnrolmentLayout, witness: EnrolmentWitness, blinding: EnrolmentBlinding) -> EnrolledPoints:
    """What enrolment, base and ledger hold for these secrets: for vectors and tests, which have no files."""
    points = lambda values, blind: commit_columns(srs, weight_columns(layout, "", values, blind))
    rows = [points(row, blind) for row, blind in zip(witness.gradients.tolist(), blinding.gradients, strict=True)]
    gradients = Commitments(tuple(d for row in rows for d in row.data), tuple(p for row in rows for p in row.points))
    base = [f * x for f, x in zip(witness.free, witness.theta_0, strict=True)]
    current = Commitments((), ()) if witness.theta_current is None else points(witness.theta_current, blinding.theta_current)
    return EnrolledPoints(points(witness.theta_p, blinding.theta_p), gradients, points(base, None), current)


def derived_commitments(
    srs: Srs, layout: EnrolmentLayout, points: EnrolledPoints, cells: Commitments, challenges: EnrolmentChallenges
) -> dict[str, Point]:
    """Committed column -> commitment. Nobody sends two of them:

    Com(delta_j) = Com(theta_p,j) - Com(base_free,j); Com(fold_j) = sum_{k<n} rho^k Com(G_k,j) + rho^n Com(delta_j), and for a
    re-enrolment + rho^(n+1) Com(tie_j), tie = theta_p - theta_current."""
    curve = srs.curve
    minus = lambda left, right: [curve.add(a, curve.negate(b)) for a, b in zip(left, right, strict=True)]
    delta = minus(points.theta_p.points, points.base_free.points)
    tie = minus(points.theta_p.points, points.theta_current.points) if points.theta_current.points else None
    weights = powers(challenges.rho, layout.client_rows + 2)
    fold = []
    for lane, rows in enumerate(points.gradients.by_lane(layout.lanes)):
        stacked = [*rows, delta[lane], *([tie[lane]] if tie else [])]
        fold.append(curve.msm(stacked, weights[: len(stacked)]))
    groups = {"delta": delta, "fold": fold, "cells": cells.points}
    return {f"{name}.{index}": point for name, group in groups.items() for index, point in enumerate(group)}
