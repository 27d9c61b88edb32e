"""Rows of the ledger: looked up, or added together with the event that seals them, inside the caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from zkapex_jax.ledger import events, rules
from zkapex_jax.ledger.schema import BaseRow, EnrolmentRow, MaskRow, RequestRow, StateRow, VerdictRow
from zkapex_jax.protocol.base import Base
from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.enrolment import Enrolment
from zkapex_jax.protocol.enrolment_proof import EnrolmentProof
from zkapex_jax.protocol.fields import now
from zkapex_jax.protocol.request import Request
from zkapex_jax.protocol.signing import check_signature
from zkapex_jax.protocol.state import State


def may_be_published(session: Session, request: Request) -> RequestRow | None:
    """The request's row if it is published already; RefusedError if it may not be."""
    check_signed(session, request)
    known = session.scalars(select(RequestRow).where(RequestRow.digest == request.digest)).one_or_none()
    if known is None:
        rules.request_is_new(session, request)
    return known


def check_signed(session: Session, signed: Request | Base) -> None:
    """One of the provider's keys signed it. Raises RefusedError."""
    rules.signer_is_known(session, signed)
    check_signature(signed, signed.signer)


def known_enrolment(session: Session, enrolment: Enrolment) -> EnrolmentRow | None:
    """The row of this very enrolment, if it is recorded."""
    return session.scalars(select(EnrolmentRow).where(EnrolmentRow.digest == enrolment.digest)).one_or_none()


def new_base(session: Session, base: Base) -> BaseRow:
    """Seal and add a base model."""
    payload = {"digest": base.digest, "weights_digest": base.model.base_digest, "signer": base.signer}
    row = BaseRow(**payload, received=now(), sequence=events.append(session, "base", payload))
    session.add(row)
    session.flush()
    return row


def new_enrolment(session: Session, enrolment: Enrolment, proof: EnrolmentProof, base: BaseRow) -> EnrolmentRow:
    """Seal and add an enrolment with its proof."""
    payload = {
        "client_id": enrolment.client_id,
        "digest": enrolment.digest,
        "proof_digest": proof.digest,
        "base_digest": base.digest,
    }
    sequence = events.append(session, "enrolment", payload)
    row = EnrolmentRow(**payload, received=now(), replaced=False, sequence=sequence)
    session.add(row)
    session.flush()
    return row


def new_request(session: Session, request: Request) -> RequestRow:
    """Seal and add a request."""
    payload = {name: getattr(request, name) for name in ("request_id", "digest", "nonce", "signer")}
    sequence = events.append(session, "request", payload)
    row = RequestRow(**payload, received=now(), closed=None, sequence=sequence)
    session.add(row)
    session.flush()
    return row


def new_verdict(
    session: Session, bundle: Bundle, enrolment: EnrolmentRow, request: RequestRow, seconds: float, *, reason: str | None
) -> VerdictRow:
    """Seal and add a verdict; `reason` None means accepted."""
    outcome: dict[str, Any] = {"bundle_digest": bundle.digest, "accepted": reason is None}
    payload = {**outcome, "client_id": enrolment.client_id, "request": request.digest, "reason": reason or ""}
    sequence = events.append(session, "verdict", payload)
    row = VerdictRow(
        **outcome, enrolment_id=enrolment.id, request_id=request.id, reason=reason,
        verifier_seconds=seconds, received=now(), sequence=sequence,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def add_state(session: Session, enrolment: EnrolmentRow, before: StateRow | None, state: State) -> None:
    """Seal and add the state after `before` (None: a client's first). Raises RefusedError if it does not follow."""
    rules.state_follows(before, state)
    packed, outcome = state.tensor("cumulative").tobytes(), {"state_digest": state.digest, "head": state.head}
    mask = events.mask_digest(packed)
    if session.get(MaskRow, mask) is None:
        session.add(MaskRow(digest=mask, packed=packed))
        session.flush()
    sealed = {"client_id": enrolment.client_id, "position": state.position, "cumulative": mask}
    sequence = events.append(session, "state", outcome | sealed)
    session.add(StateRow(**outcome, enrolment_id=enrolment.id, position=state.position, mask_digest=mask, sequence=sequence))
    session.flush()
