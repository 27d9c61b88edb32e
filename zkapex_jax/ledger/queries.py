"""Look-ups inside a session; each raises RefusedError with a sentence where a row must exist and does not."""

from __future__ import annotations

from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger.schema import BaseRow, EnrolmentRow, RequestRow, StateRow, VerdictRow
from zkapex_jax.protocol.enrolment import Enrolment

#: As the index of acceptances says it: SQLite takes one whose condition stands in the question, word for word.
ACCEPTED = VerdictRow.accepted == true()


def active_enrolment(session: Session, client_id: str) -> EnrolmentRow | None:
    """The enrolment that the client has now."""
    query = select(EnrolmentRow).where(EnrolmentRow.client_id == client_id, EnrolmentRow.replaced.is_(False))
    return session.scalars(query).one_or_none()


def need_base(session: Session, enrolment: Enrolment) -> BaseRow:
    row = session.get(BaseRow, enrolment.model.base_digest)
    if row is None:
        raise RefusedError(
            "is for a base model that this provider has not published",
            code="unknown_base", file=enrolment.path, field="model.base_digest", value=enrolment.model.base_digest,
        )  # fmt: skip
    return row


def need_enrolment(session: Session, client_id: str) -> EnrolmentRow:
    row = active_enrolment(session, client_id)
    if row is None:
        raise RefusedError("no such client is enrolled in this ledger", code="unknown_client", field="client_id", value=client_id)
    return row


def need_request(session: Session, digest: str) -> RequestRow:
    row = session.scalars(select(RequestRow).where(RequestRow.digest == digest)).one_or_none()
    if row is None:
        raise RefusedError(
            "this ledger has published no such request", code="unknown_request", field="request_digest", value=digest
        )
    return row


def current_state(session: Session, enrolment: EnrolmentRow) -> StateRow:
    """The state of highest position; every enrolment has at least its first."""
    query = select(StateRow).where(StateRow.enrolment_id == enrolment.id).order_by(StateRow.position.desc()).limit(1)
    return session.scalars(query).one()


def acceptance(session: Session, enrolment: EnrolmentRow, request: RequestRow) -> VerdictRow | None:
    """The accepted bundle of a client for a request."""
    query = select(VerdictRow).where(
        VerdictRow.enrolment_id == enrolment.id, VerdictRow.request_id == request.id, ACCEPTED
    )
    return session.scalars(query).one_or_none()


def refusal(session: Session, enrolment: EnrolmentRow, request: RequestRow, bundle_digest: str) -> VerdictRow | None:
    """The recorded refusal of this very bundle: who judges it a second time, or beside another, finds the first verdict."""
    query = select(VerdictRow).where(
        VerdictRow.bundle_digest == bundle_digest, VerdictRow.enrolment_id == enrolment.id, VerdictRow.request_id == request.id,
        VerdictRow.accepted.is_(False),
    )  # fmt: skip
    return session.scalars(query.order_by(VerdictRow.sequence).limit(1)).one_or_none()


def last_answer(session: Session, client_id: str, request: str) -> str:
    """Digest of the bundle of the last verdict on a client's answers to a request, by its id or digest."""
    query = (
        select(VerdictRow.bundle_digest)
        .join(EnrolmentRow, EnrolmentRow.id == VerdictRow.enrolment_id)
        .join(RequestRow, RequestRow.id == VerdictRow.request_id)
        .where(EnrolmentRow.client_id == client_id, or_(RequestRow.request_id == request, RequestRow.digest == request))
    )
    digest = session.scalars(query.order_by(VerdictRow.sequence.desc()).limit(1)).one_or_none()
    if digest is None:
        raise RefusedError(
            "holds no verdict on an answer of this client to this request", code="unknown_verdict", field="client_id", value=client_id
        )
    return digest


def open_requests(session: Session, enrolment: EnrolmentRow) -> list[RequestRow]:
    """Requests younger than the enrolment, not closed, that it has no accepted bundle for; oldest first."""
    answered = select(VerdictRow.id).where(VerdictRow.request_id == RequestRow.id, VerdictRow.enrolment_id == enrolment.id, ACCEPTED)
    query = select(RequestRow).where(RequestRow.sequence > enrolment.sequence, RequestRow.closed.is_(None), ~answered.exists())
    return list(session.scalars(query.order_by(RequestRow.sequence)))
