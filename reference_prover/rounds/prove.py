"""The online prover of one chunk, from integers to the message: the rounds of `online` with their commitments and transcript.

As the rounds, it refuses nothing for being dishonest: a false claim becomes a message that every verifier refuses.
"""

from __future__ import annotations

from typing import Iterable

from .. import plonk
from ..chunk import Commitments, commit_columns, in_table_order
from ..chunk_blinding import Source, gradients, theta
from ..layout import Layout
from ..plonk import Committed, ProvingKey
from ..statement import Statement
from ..transcript import Challenges, ChunkTranscript
from ..witness import Witness
from . import columns
from .blinding import Blinding
from .frame import Columns
from .online import OnlineProver
from .points import ChunkPoints, Sent, derived_commitments


def prove_chunk(
    key: ProvingKey, statement: Statement, witness: Witness, points: ChunkPoints, blinding: Blinding, source: Source = Source()
) -> bytes:
    """The message of one chunk. `points` commit to the witness under `blinding`; `source` gives the proof's own randomness.

    Raises StatementError or WitnessError where sizes disagree."""
    prover = ChunkProver(key, statement, witness, points, blinding, source)
    prover.round_1()
    prover.round_2()
    prover.round_3()
    return prover.round_4()


def blinding_of(layout: Layout, chunk: int, seeds: dict[str, bytes], source: Source) -> Blinding:
    """Long-lived rows from the seeds of theta_p, theta_u and gradients, fresh ones of y, bits and q from `source`."""
    size, lanes = layout.blinding_rows, layout.lanes
    fresh = source.fresh(chunk, lanes + layout.bit_columns + 1, size)
    return Blinding(
        theta_p=theta(seeds["theta_p"], chunk, lanes, size),
        theta_u=theta(seeds["theta_u"], chunk, lanes, size),
        y=fresh[:lanes],
        bits=fresh[lanes:-1],
        q=fresh[-1],
        gradients=gradients(seeds["gradients"], chunk, layout.client_rows, lanes, size),
    )


class ChunkProver:
    """One chunk between rounds. `rounds.claim` holds what is claimed so far; whoever changes it lies from there on."""

    def __init__(
        self, key: ProvingKey, statement: Statement, witness: Witness, points: ChunkPoints, blinding: Blinding, source: Source = Source()
    ) -> None:
        self.key, self.statement, self.points, self.blinding, self.source = key, statement, points, blinding, source
        self.rounds = OnlineProver(key.verifying.circuit.tables, statement, witness)
        self.layout, self.srs = self.rounds.layout, key.verifying.srs
        points.require_fit(self.layout)
        self.transcript = ChunkTranscript(statement, points.public)
        self.rounds.round_1()

    def round_1(self) -> None:
        """Commit to theta_u and y -> r."""
        claim = self.rounds.claim
        self.theta_u = self._commit(columns.weight_columns(self.layout, "theta_u", claim.theta_u, self.blinding.theta_u))
        self.y = self._commit(columns.y_columns(self.layout, claim, self.blinding))
        self.r = self.transcript.round_1(self.theta_u.data, self.y.data)
        self.rounds.round_2(self.r)

    def round_2(self) -> None:
        """Commit to the bits -> eta."""
        self.bits = self._commit(columns.bits_columns(self.layout, self.rounds.claim, self.blinding))
        self.eta = self.transcript.round_2(self.bits.data)
        self.rounds.round_3(self.eta)

    def round_3(self) -> None:
        """Commit to q -> rho, mu. Raises ChallengeError if mu is 0."""
        self.q = self._commit([columns.q_column(self.layout, self.rounds.claim, self.blinding)])
        self.rho, self.mu = self.transcript.round_3(self.q.data[0])

    def round_4(self) -> bytes:
        """Fold, scale, and prove the circuit: the whole message."""
        self.challenges, self.outer = Challenges(self.r, self.eta, self.rho, self.mu), self.transcript.finish()
        values = self.rounds.round_4(self.rho, self.mu, self.blinding)
        sent = Sent(self.theta_u, self.y, self.bits, self.q)
        commitments = derived_commitments(self.srs, self.layout, self.statement, self.points, sent, self.challenges)
        plain = dict(columns.plain_columns(self.layout, self.statement, self.challenges))
        proof = prove_columns(self.key, values, commitments, plain, self.outer, self.source, self.statement.chunk)
        return join(sent.theta_u, sent.y, sent.bits, sent.q) + proof

    def _commit(self, named: Iterable[tuple[str, list[int]]]) -> Commitments:
        return commit_columns(self.srs, named)


def join(*sections: Commitments) -> bytes:
    """The head of a message."""
    return b"".join(data for section in sections for data in section.data)


def prove_columns(
    key: ProvingKey, values: Columns, commitments: dict[str, object], plain: dict[str, list[int]], outer: bytes, source: Source, chunk: int
) -> bytes:
    """The proof of `plonk` that full columns of 2^k cells satisfy the tables; serves both relations."""
    tables = key.verifying.circuit.tables
    named = {name: Committed(values[name][: tables.usable], point) for name, point in commitments.items()}
    advice = [values[name][: tables.usable] for name in tables.advice]
    return plonk.prove(key, in_table_order(tables, named, True), in_table_order(tables, plain, False), advice, outer, source.proof(chunk))
