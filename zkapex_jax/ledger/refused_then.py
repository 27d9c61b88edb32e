"""Which rule refuses a file, as the ledger stood at some event: the rules of `zkapex_jax.ledger.rules`, in their order, looked up
in the past. A provider that signs a refusal states the event; an auditor asks here whether the rule held then.
"""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from zkapex_jax.formats import canonical
from zkapex_jax.ledger.queries import ACCEPTED
from zkapex_jax.ledger.schema import ChainEntry, EnrolmentRow, RequestRow, StateRow, VerdictRow
from zkapex_jax.protocol.refusal import Refusal

#: Rules that can be looked up. A commitment that was seen before, an unknown base, and what is wrong in a file itself, cannot be.
BUNDLE_RULES = frozenset(
    {"unknown_client", "other_enrolment", "unknown_request", "request_older", "request_closed", "replay", "stale_state"}
)
ENROLMENT_RULES = frozenset({"unknown_client", "request_open", "already_enrolled", "stale_state", "replaced"})


def differs(session: Session, refusal: Refusal) -> str | None:
    """In words how the ledger, as it stood at the refusal's event, belies it; None if it does not."""
    rules = BUNDLE_RULES if refusal.of == "bundle" else ENROLMENT_RULES
    held = _bundle(session, refusal) if refusal.of == "bundle" else _enrolment(session, refusal)
    if refusal.code in rules:
        return None if held == refusal.code else f"the ledger refused it then for {held}" if held else "no rule refused it then"
    return "the ledger had accepted it" if _accepted(session, refusal) else None


def _bundle(session: Session, said: Refusal) -> str | None:
    then = said.ledger.sequence
    enrolment = _active(session, said.client_id, then)
    if enrolment is None:
        return "unknown_client"
    if enrolment.digest != said.enrolment_digest:
        return "other_enrolment"
    request = session.scalars(select(RequestRow).where(RequestRow.digest == said.request_digest, RequestRow.sequence <= then)).one_or_none()
    if request is None:
        return "unknown_request"
    if request.sequence < enrolment.sequence:
        return "request_older"
    if request.request_id in _closed(session, then):
        return "request_closed"
    if request.id in session.scalars(_answered(enrolment, then)).all():
        return "replay"
    return None if _state(session, enrolment, then) == said.state_digest else "stale_state"


def _enrolment(session: Session, said: Refusal) -> str | None:
    """An enrolment that is recorded already is refused only after another replaced it."""
    then = said.ledger.sequence
    known = session.scalars(select(EnrolmentRow).where(EnrolmentRow.digest == said.enrolment_digest, EnrolmentRow.sequence <= then)).one_or_none()
    active = _active(session, said.client_id, then)
    if known is not None:
        return None if active is not None and active.id == known.id else "replaced"
    if active is None:
        return "unknown_client" if said.state_digest else None
    if _waiting(session, active, then):
        return "request_open"
    if not said.state_digest:
        return "already_enrolled"
    return None if _state(session, active, then) == said.state_digest else "stale_state"


def _accepted(session: Session, said: Refusal) -> bool:
    """Whether this very file was accepted by then."""
    then = said.ledger.sequence
    if said.of == "bundle":
        query = select(VerdictRow.id).where(VerdictRow.bundle_digest == said.digest, VerdictRow.accepted.is_(True), VerdictRow.sequence <= then)
    else:
        query = select(EnrolmentRow.id).where(
            EnrolmentRow.digest == said.enrolment_digest, EnrolmentRow.proof_digest == said.digest, EnrolmentRow.sequence <= then
        )
    return session.scalars(query.limit(1)).first() is not None


def _active(session: Session, client_id: str, then: int) -> EnrolmentRow | None:
    query = select(EnrolmentRow).where(EnrolmentRow.client_id == client_id, EnrolmentRow.sequence <= then)
    return session.scalars(query.order_by(EnrolmentRow.sequence.desc()).limit(1)).one_or_none()


def _state(session: Session, enrolment: EnrolmentRow, then: int) -> str | None:
    query = select(StateRow.state_digest).where(StateRow.enrolment_id == enrolment.id, StateRow.sequence <= then)
    return session.scalars(query.order_by(StateRow.sequence.desc()).limit(1)).one_or_none()


def _answered(enrolment: EnrolmentRow, then: int) -> Select[tuple[int]]:
    return select(VerdictRow.request_id).where(
        VerdictRow.enrolment_id == enrolment.id, ACCEPTED, VerdictRow.sequence <= then
    )


def _waiting(session: Session, enrolment: EnrolmentRow, then: int) -> bool:
    asked = select(RequestRow.request_id).where(
        RequestRow.sequence > enrolment.sequence, RequestRow.sequence <= then, RequestRow.id.not_in(_answered(enrolment, then))
    )
    return not set(session.scalars(asked)) <= _closed(session, then)


def _closed(session: Session, then: int) -> set[str]:
    """Ids of the requests that were closed by then: in the chain alone, for a row keeps a time and no place."""
    events = session.scalars(select(ChainEntry.payload).where(ChainEntry.kind == "close", ChainEntry.sequence <= then))
    return {canonical.loads(payload.encode())["request_id"] for payload in events}
