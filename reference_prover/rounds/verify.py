"""The online verifier of one chunk: bytes of the message and the public statement, nothing of the witness."""

from __future__ import annotations

from .. import plonk
from ..chunk import in_table_order, parse_message, require_srs
from ..errors import ChallengeError, ProofRefused
from ..layout import of_tables
from ..plonk import VerifyingKey
from ..statement import Statement, require_rules
from ..transcript import Challenges, ChunkTranscript
from .columns import plain_columns
from .online import require_match
from .points import ChunkPoints, Sent, derived_commitments


def verify_chunk(key: VerifyingKey, statement: Statement, points: ChunkPoints, message: bytes) -> None:
    """Accepts by returning. Every column that is not a commitment of the message or of the ledger is rebuilt here.

    Raises ProofRefused if the message does not prove the statement, StatementError if the statement fits neither key nor rules:
    that is the caller's mistake, as is a commitment in `points` that nobody checked against the files it came from."""
    tables = key.circuit.tables
    layout = of_tables(tables)
    require_match(tables, layout, statement)
    require_srs(key.srs, statement)
    require_rules(statement, layout.rows)
    points.require_fit(layout)
    sections, proof = parse_message(key.curve, message, Sent.sizes(layout))
    sent = Sent(*sections)
    challenges, outer = replay(statement, points, sent)
    plain = dict(plain_columns(layout, statement, challenges))
    committed = derived_commitments(key.srs, layout, statement, points, sent, challenges)
    plonk.verify(key, in_table_order(tables, committed, True), in_table_order(tables, plain, False), outer, proof)


def replay(statement: Statement, points: ChunkPoints, sent: Sent) -> tuple[Challenges, bytes]:
    """The challenges of a message, each from everything before it, and the 64 bytes that the proof is bound to. Raises
    ProofRefused if mu is 0."""
    transcript = ChunkTranscript(statement, points.public)
    r = transcript.round_1(sent.theta_u.data, sent.y.data)
    eta = transcript.round_2(sent.bits.data)
    try:
        rho, mu = transcript.round_3(sent.q.data[0])
    except ChallengeError as error:
        raise ProofRefused(error.message, field="mu") from error
    return Challenges(r, eta, rho, mu), transcript.finish()
