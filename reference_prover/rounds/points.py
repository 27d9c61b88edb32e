"""The commitments of one chunk online: those that the statement names, and those that the verifier derives from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from ..chunk import Commitments, commit_columns
from ..curve import Curve, Point
from ..field import MODULUS, powers
from ..layout import Layout
from ..srs import Srs
from ..statement import Statement
from ..transcript import Challenges, PublicPoints
from ..witness import Witness
from .blinding import Blinding
from .columns import v_value, weight_columns

HIDING = {"theta_p": True, "free": False, "gradients": True, "forget_rows": False}  # public columns have no blinding


@dataclass(frozen=True)
class ChunkPoints:
    """theta_p (the ledger's) and free a lane; gradients and forget rows row by row, lanes within."""

    theta_p: Commitments
    free: Commitments
    gradients: Commitments
    forget_rows: Commitments

    @classmethod
    def decode(cls, curve: Curve, data: Mapping[str, Sequence[bytes]]) -> "ChunkPoints":
        """From bytes by label. Raises PointError."""
        return cls(**{label: Commitments.decode(curve, data[label], label, hiding=hiding) for label, hiding in HIDING.items()})

    def require_fit(self, layout: Layout) -> None:
        """Raises StatementError unless there are as many as the layout has lanes and rows."""
        for label, rows in (("theta_p", 1), ("free", 1), ("gradients", layout.client_rows), ("forget_rows", layout.forget_rows)):
            getattr(self, label).require(rows * layout.lanes, label)

    @property
    def public(self) -> PublicPoints:
        """As the transcript absorbs them."""
        return PublicPoints(*(getattr(self, label).data for label in HIDING))


def commit_statement(srs: Srs, layout: Layout, witness: Witness, blinding: Blinding) -> ChunkPoints:
    """What ledger, request and enrolment hold for these secrets: for vectors and tests, which have no files."""
    commit = lambda values, blind: commit_columns(srs, weight_columns(layout, "", values, blind))
    rows, own = witness.gradients.tolist(), layout.client_rows
    join = lambda parts: Commitments(tuple(d for part in parts for d in part.data), tuple(p for part in parts for p in part.points))
    return ChunkPoints(
        commit(witness.theta_p, blinding.theta_p),
        commit(witness.free, None),
        join([commit(row, blind) for row, blind in zip(rows[:own], blinding.gradients, strict=True)]),
        join([commit(row, None) for row in rows[own:]]),
    )


def derived_commitments(
    srs: Srs, layout: Layout, statement: Statement, points: ChunkPoints, sent: "Sent", challenges: Challenges
) -> dict[str, Point]:
    """Committed column -> commitment. Nobody sends three of them:

    Com(fold_j) = mu^6 sum_k rho^k Com(G_k,j), Com(mu^4 y_j) = mu^4 Com(y_j), Com(v) = v Com(s), s being 1 on the active rows."""
    curve, mu4 = srs.curve, pow(challenges.mu, 4, MODULUS)
    weights = powers(challenges.rho, layout.rows, pow(challenges.mu, 6, MODULUS))
    rows = zip(points.gradients.by_lane(layout.lanes), points.forget_rows.by_lane(layout.lanes), strict=True)
    groups = {
        "theta_p": points.theta_p.points,
        "theta_u": sent.theta_u.points,
        "y": [curve.multiply(point, mu4) for point in sent.y.points],
        "fold": [curve.msm(own + forget, weights) for own, forget in rows],
        "free": points.free.points,
        "bits": sent.bits.points,
    }
    active = srs.commit_lagrange([0] * layout.active_start + [1] * layout.active_rows)
    named = {f"{name}.{index}": point for name, group in groups.items() for index, point in enumerate(group)}
    return named | {"q": sent.q.points[0], "v": curve.multiply(active, v_value(statement, challenges))}


@dataclass(frozen=True)
class Sent:
    """The commitments of a message, by round: theta_u, y a lane (round 1), bits a column (2), q (3)."""

    theta_u: Commitments
    y: Commitments
    bits: Commitments
    q: Commitments

    @staticmethod
    def sizes(layout: Layout) -> tuple[int, int, int, int]:
        """How many of each, in the order of the message."""
        return layout.lanes, layout.lanes, layout.bit_columns, 1
