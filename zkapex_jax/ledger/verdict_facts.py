"""All that the ledger knows of one verdict: what a receipt states, and what an auditor compares it with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger.ledger import Ledger
from zkapex_jax.ledger.schema import ChainEntry, EnrolmentRow, RequestRow, StateRow, VerdictRow


@dataclass(frozen=True)
class VerdictFacts:
    """`head`: of the chain right after the verdict. `state_after` is `state_before` where the bundle was refused."""

    client_id: str
    request_id: str
    request_digest: str
    enrolment_digest: str
    bundle_digest: str
    state_before: str
    state_after: str
    accepted: bool
    reason: str | None
    received: str
    sequence: int
    head: str


def verdict_facts(ledger: Ledger, *, bundle_digest: str | None = None, sequence: int | None = None) -> VerdictFacts:
    """Of the last verdict on a bundle, or of the verdict at a place of the chain. Raises RefusedError if there is none."""
    query = select(VerdictRow).order_by(VerdictRow.sequence.desc()).limit(1)
    query = query.where(VerdictRow.bundle_digest == bundle_digest) if bundle_digest else query.where(VerdictRow.sequence == sequence)
    with ledger.reading() as session:
        row = session.scalars(query).one_or_none()
        if row is None:
            raise RefusedError(
                "this ledger holds no such verdict", code="unknown_verdict",
                field="bundle_digest" if bundle_digest else "sequence", value=bundle_digest or sequence,
            )  # fmt: skip
        enrolment = session.get_one(EnrolmentRow, row.enrolment_id)
        request = session.get_one(RequestRow, row.request_id)
        before = session.scalars(_states(enrolment.id).where(StateRow.sequence < row.sequence)).one()
        after = session.scalars(_states(enrolment.id).where(StateRow.sequence == row.sequence + 1)).one() if row.accepted else before
        head = session.get_one(ChainEntry, row.sequence).head
        return VerdictFacts(
            enrolment.client_id, request.request_id, request.digest, enrolment.digest, row.bundle_digest, before, after,
            row.accepted, row.reason, row.received, row.sequence, head,
        )  # fmt: skip


def _states(enrolment: int) -> Select[tuple[str]]:
    return select(StateRow.state_digest).where(StateRow.enrolment_id == enrolment).order_by(StateRow.sequence.desc()).limit(1)
