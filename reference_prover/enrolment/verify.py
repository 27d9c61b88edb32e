"""The verifier of one chunk's enrolment: bytes of the message and the public statement, nothing of the witness."""

from __future__ import annotations

from typing import Sequence

from .. import plonk
from ..chunk import Commitments, in_table_order, parse_message, require_srs
from ..errors import ChallengeError, ProofRefused, StatementError
from ..layout import of_enrolment_tables
from ..plonk import VerifyingKey
from .columns import plain_columns
from .points import EnrolledPoints, derived_commitments
from .statement import EnrolmentStatement, require_match
from .transcript import EnrolmentChallenges, EnrolmentTranscript


def verify_chunk(key: VerifyingKey, statement: EnrolmentStatement, free: Sequence[int], points: EnrolledPoints, message: bytes) -> None:
    """Accepts by returning. `free`: 1 on each weight that no accepted request has zeroed, as the ledger says.

    b is drawn after theta_p and the rows are committed, and eta, zeta, rho after t is: either order reversed, forgeries pass.
    Raises ProofRefused if the message does not prove the statement, StatementError if the statement does not fit the key."""
    tables = key.circuit.tables
    layout = of_enrolment_tables(tables)
    require_match(tables, layout, statement)
    require_srs(key.srs, statement)
    points.require_fit(layout, statement.renews)
    if len(free) != statement.weights:
        raise StatementError(f"the statement has {statement.weights} weights", field="free", value=len(free))
    (cells,), proof = parse_message(key.curve, message, [layout.cell_columns])
    challenges, outer = replay(statement, points, cells)
    plain = dict(plain_columns(layout, statement, free, challenges))
    committed = derived_commitments(key.srs, layout, points, cells, challenges)
    plonk.verify(key, in_table_order(tables, committed, True), in_table_order(tables, plain, False), outer, proof)


def replay(statement: EnrolmentStatement, points: EnrolledPoints, cells: Commitments) -> tuple[EnrolmentChallenges, bytes]:
    """The challenges of a message, each from everything before it, and the 64 bytes that the proof is bound to. Raises
    ProofRefused if mu is 0."""
    transcript = EnrolmentTranscript(statement, points.public)
    b, a = transcript.seeds()
    try:
        scalars = transcript.round_1(cells.data)
    except ChallengeError as error:
        raise ProofRefused(error.message, field="mu") from error
    return EnrolmentChallenges(b, a, *scalars), transcript.finish()
