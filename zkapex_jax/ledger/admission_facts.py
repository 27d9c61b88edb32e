"""All that the ledger knows of one admitted enrolment: what its receipt states, and what an auditor compares it with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger.ledger import Ledger
from zkapex_jax.ledger.schema import ChainEntry, EnrolmentRow, StateRow


@dataclass(frozen=True)
class AdmissionFacts:
    """`head`: of the chain right after the enrolment. `state_before` is empty for a client's first one."""

    client_id: str
    enrolment_digest: str
    proof_digest: str
    base_digest: str
    state_before: str
    state_after: str
    received: str
    sequence: int
    head: str


def admission_facts(ledger: Ledger, *, digest: str | None = None, sequence: int | None = None) -> AdmissionFacts:
    """Of the enrolment of this digest, or of the one at a place of the chain. Raises RefusedError if there is none."""
    query = select(EnrolmentRow)
    query = query.where(EnrolmentRow.digest == digest) if digest else query.where(EnrolmentRow.sequence == sequence)
    with ledger.reading() as session:
        row = session.scalars(query).one_or_none()
        if row is None:
            raise RefusedError(
                "this ledger holds no such enrolment", code="unknown_admission",
                field="enrolment_digest" if digest else "sequence", value=digest or sequence,
            )  # fmt: skip
        states = select(StateRow.state_digest).join(EnrolmentRow, EnrolmentRow.id == StateRow.enrolment_id)
        mine = states.where(EnrolmentRow.client_id == row.client_id)
        before = session.scalars(mine.where(StateRow.sequence < row.sequence).order_by(StateRow.sequence.desc()).limit(1)).one_or_none()
        after = session.scalars(mine.where(StateRow.sequence == row.sequence + 1)).one()
        head = session.get_one(ChainEntry, row.sequence).head
        return AdmissionFacts(
            row.client_id, row.digest, row.proof_digest, row.base_digest, before or "", after, row.received, row.sequence, head
        )
