"""The prover of an enrolment, rounds in protocol order. As online, commitments are not made here: the caller gives challenges."""

from __future__ import annotations

from ..layout import of_enrolment_tables
from ..rounds.frame import Columns
from ..rounds.integers import squares, windowed
from ..tables import Tables
from . import blinding as blind
from . import columns
from .blinding import EnrolmentBlinding
from .claim import EnrolmentClaim
from .projections import range_projections, row_projections
from .statement import EnrolmentStatement, require_match
from .transcript import EnrolmentChallenges
from .witness import EnrolmentWitness, require_fit


class EnrolmentProver:
    """One chunk. Nothing is refused for being dishonest: a value that does not fit its bits loses its top, and the checker
    then names the constraint that fails. Raises StatementError or WitnessError where sizes disagree."""

    def __init__(self, tables: Tables, statement: EnrolmentStatement, witness: EnrolmentWitness) -> None:
        self.tables, self.layout, self.statement = tables, of_enrolment_tables(tables), statement
        require_match(tables, self.layout, statement)
        require_fit(witness, statement, self.layout)
        base = [f * x for f, x in zip(witness.free, witness.theta_0, strict=True)]
        current = None if witness.theta_current is None else list(witness.theta_current)
        self.claim = EnrolmentClaim(list(witness.theta_p), base, list(witness.free), witness.gradients, current)

    def round_1(self, b: bytes, a: bytes) -> EnrolmentClaim:
        """t_jk = <b_j, row_k>; v_l = <a_l, t> as their windows hold them; the slack D0 - sum Delta^2 as its bits hold it."""
        self.b, self.a, size, claim = b, a, self.layout, self.claim
        claim.t = row_projections(size, b, claim.gradients, claim.delta)
        claim.v = [windowed(v, size.range_bits, 1 << (size.range_bits - 1)) for v in range_projections(size, a, claim.t)]
        claim.slack = windowed(self.statement.d0 - squares(claim.delta), size.distance_bits)
        return claim

    def round_2(self, eta: int, zeta: int, rho: int, mu: int, blinding: EnrolmentBlinding) -> Columns:
        """All columns."""
        challenges = EnrolmentChallenges(self.b, self.a, eta, zeta, rho, mu)
        return columns.assign(self.tables, self.layout, self.statement, self.claim, challenges, blinding)


def run(
    tables: Tables, statement: EnrolmentStatement, witness: EnrolmentWitness, challenges: EnrolmentChallenges, blinding: EnrolmentBlinding | None = None
) -> tuple[EnrolmentClaim, Columns]:
    """Both rounds with given challenges: (claim, columns); blinding cells are zero unless given."""
    prover = EnrolmentProver(tables, statement, witness)
    claim = prover.round_1(challenges.b, challenges.a)
    scalars = challenges.eta, challenges.zeta, challenges.rho, challenges.mu
    return claim, prover.round_2(*scalars, blinding or blind.none(prover.layout))
