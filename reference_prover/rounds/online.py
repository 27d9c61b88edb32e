"""The online prover, rounds in protocol order. Commitments are not made here: the caller gives the challenges, from a
transcript that it fed with commitments, or from the operating system for a check before any commitment exists.

    round 1   theta_u, y (with sigma, e in its tail)              -> r
    round 2   p_j and the bits of p_j, slacks of T1, T2, D        -> eta
    round 3   q_k = <c, G_k>                                      -> rho, mu
    round 4   fold, scale, public columns, running sum
"""

from __future__ import annotations

from ..errors import StatementError
from ..layout import Layout, of_tables
from ..statement import Statement
from ..tables import Tables
from ..ternary import projections
from ..transcript import Challenges
from ..witness import Witness, require_fit
from . import blinding as blind
from . import columns
from .blinding import Blinding
from .claim import Claim
from .integers import on_free, residual_e, residual_y, row_products, squares, windowed


class OnlineProver:
    """One chunk. Nothing is refused for being dishonest: a value that does not fit its bits loses its top, and the checker
    then names the constraint that fails. Raises StatementError or WitnessError where sizes disagree."""

    def __init__(self, tables: Tables, statement: Statement, witness: Witness) -> None:
        self.tables, self.layout = tables, of_tables(tables)
        self.statement, self.witness = statement, witness
        require_match(tables, self.layout, statement)
        require_fit(witness, statement, self.layout)

    def round_1(self) -> Claim:
        """theta_u, sigma, e and y."""
        w, delta = self.witness, self.witness.delta
        self.claim = Claim(
            theta_p=list(w.theta_p),
            theta_u=list(w.theta_u),
            free=list(w.free),
            gradients=w.gradients,
            sigma=list(w.sigma),
            e=residual_e(w.sigma, w.gradients, delta),
            y=residual_y(self.statement.gamma, delta, w.gradients, w.sigma),
        )
        return self.claim

    def round_2(self, r: bytes) -> Claim:
        """p_j = <R_j, (delta, e)> as their windows hold them, and the slacks T - sum as their bits hold them."""
        size = self.layout
        self.r = r
        p = projections(*columns.ternary_vectors(size, r), self.claim.delta, self.claim.e)
        self.claim.p = [windowed(value, size.window_bits, 1 << (size.window_bits - 1)) for value in p]
        limits = (self.statement.t1, self.statement.t2, self.statement.d)
        slacks = (limit - total for limit, total in zip(limits, squared_sums(self.claim), strict=True))
        self.claim.slacks = tuple(windowed(slack, width) for slack, width in zip(slacks, size.slack_bits, strict=True))
        return self.claim

    def round_3(self, eta: int) -> Claim:
        """q_k = <c, G_k>, c = sum_j eta^j R_j."""
        self.eta = eta
        c, _ = columns.linear_form(self.layout, self.r, eta)
        self.claim.q = row_products(c[: self.statement.weights], self.claim.gradients)
        return self.claim

    def round_4(self, rho: int, mu: int, blinding: Blinding) -> columns.Columns:
        """All columns."""
        return columns.assign(self.tables, self.layout, self.statement, self.claim, Challenges(self.r, self.eta, rho, mu), blinding)


def squared_sums(claim: Claim) -> tuple[int, int, int]:
    """(sum f y^2, sum e^2, sum f delta^2): what T1, T2 and D bound."""
    return squares(on_free(claim.free, claim.y)), squares(claim.e), squares(on_free(claim.free, claim.delta))


def run(
    tables: Tables, statement: Statement, witness: Witness, challenges: Challenges, blinding: Blinding | None = None
) -> tuple[Claim, columns.Columns]:
    """All rounds with given challenges: (claim, columns)."""
    prover = OnlineProver(tables, statement, witness)
    prover.round_1()
    prover.round_2(challenges.r)
    claim = prover.round_3(challenges.eta)
    return claim, prover.round_4(challenges.rho, challenges.mu, blinding or blind.none(prover.layout))


def assign(tables: Tables, statement: Statement, witness: Witness, challenges: Challenges, blinding: Blinding | None = None) -> columns.Columns:
    """{column: 2^k field elements} of the honest prover; blinding cells are zero unless given."""
    return run(tables, statement, witness, challenges, blinding)[1]


def require_match(tables: Tables, layout: Layout, statement: Statement) -> None:
    """Raises StatementError unless the statement names these tables and fits their widths."""
    if statement.tables != tables.digest:
        raise StatementError("the statement names other tables", field="tables", value=statement.tables.hex())
    if statement.preset != layout.preset:
        raise StatementError("the tables have another preset", field="preset", value=statement.preset)
    if statement.weights > layout.capacity:
        raise StatementError(f"a chunk holds at most {layout.capacity} weights", field="weights", value=statement.weights)
    for name, width in zip(("t1", "t2", "d"), layout.slack_bits, strict=True):
        if getattr(statement, name) >= 1 << width:
            raise StatementError(f"its slack has {width} bits", field=name, value=getattr(statement, name))
