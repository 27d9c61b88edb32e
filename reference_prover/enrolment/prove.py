"""The prover of one chunk's enrolment, from integers to the message: the rounds of `rounds` with commitments and transcript.

As the rounds, it refuses nothing for being dishonest: a false claim becomes a message that every verifier refuses.
"""

from __future__ import annotations

from ..chunk import commit_columns
from ..chunk_blinding import Source, gradients, theta
from ..layout import EnrolmentLayout
from ..plonk import ProvingKey
from ..rounds.prove import join, prove_columns
from . import columns
from .blinding import EnrolmentBlinding
from .points import EnrolledPoints, derived_commitments
from .rounds import EnrolmentProver
from .statement import EnrolmentStatement
from .transcript import EnrolmentChallenges, EnrolmentTranscript
from .witness import EnrolmentWitness


def prove_chunk(
    key: ProvingKey,
    statement: EnrolmentStatement,
    witness: EnrolmentWitness,
    points: EnrolledPoints,
    blinding: EnrolmentBlinding,
    source: Source = Source(),
) -> bytes:
    """The message of one chunk. `points` commit to the witness under `blinding`; `source` gives the proof's own randomness.

    Raises StatementError or WitnessError where sizes disagree."""
    prover = EnrolmentChunkProver(key, statement, witness, points, blinding, source)
    prover.round_1()
    return prover.round_2()


def blinding_of(layout: EnrolmentLayout, chunk: int, seeds: dict[str, bytes], source: Source) -> EnrolmentBlinding:
    """Long-lived rows from the seeds of theta_p, gradients and, for a re-enrolment, theta_current; the cells' fresh from `source`."""
    size, lanes = layout.blinding_rows, layout.lanes
    current = theta(seeds["theta_current"], chunk, lanes, size) if "theta_current" in seeds else [[0] * size for _ in range(lanes)]
    return EnrolmentBlinding(
        theta_p=theta(seeds["theta_p"], chunk, lanes, size),
        gradients=gradients(seeds["gradients"], chunk, layout.client_rows, lanes, size),
        cells=source.fresh(chunk, layout.cell_columns, size),
        theta_current=current,
    )


class EnrolmentChunkProver:
    """One chunk between rounds. `rounds.claim` holds what is claimed so far; whoever changes it lies from there on."""

    def __init__(
        self,
        key: ProvingKey,
        statement: EnrolmentStatement,
        witness: EnrolmentWitness,
        points: EnrolledPoints,
        blinding: EnrolmentBlinding,
        source: Source = Source(),
    ) -> None:
        self.key, self.statement, self.points, self.blinding, self.source = key, statement, points, blinding, source
        self.rounds = EnrolmentProver(key.verifying.circuit.tables, statement, witness)
        self.layout, self.srs = self.rounds.layout, key.verifying.srs
        points.require_fit(self.layout, statement.renews)
        self.transcript = EnrolmentTranscript(statement, points.public)
        self.b, self.a = self.transcript.seeds()
        self.rounds.round_1(self.b, self.a)

    def round_1(self) -> None:
        """Commit to the cells -> eta, zeta, rho, mu. Raises ChallengeError if mu is 0."""
        self.cells = commit_columns(self.srs, columns.cell_columns(self.layout, self.rounds.claim, self.blinding))
        self.challenges = EnrolmentChallenges(self.b, self.a, *self.transcript.round_1(self.cells.data))

    def round_2(self) -> bytes:
        """Fold, and prove the circuit: the whole message."""
        self.outer, drawn = self.transcript.finish(), self.challenges
        values = self.rounds.round_2(drawn.eta, drawn.zeta, drawn.rho, drawn.mu, self.blinding)
        commitments = derived_commitments(self.srs, self.layout, self.points, self.cells, drawn)
        plain = dict(columns.plain_columns(self.layout, self.statement, self.rounds.claim.free, drawn))
        return join(self.cells) + prove_columns(self.key, values, commitments, plain, self.outer, self.source, self.statement.chunk)
