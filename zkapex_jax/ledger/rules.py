"""What the ledger refuses. Each rule is one function, run inside the transaction that it guards."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger import queries
from zkapex_jax.ledger.schema import Commitment, EnrolmentRow, ProviderKey, RequestRow
from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.enrolment import Enrolment
from zkapex_jax.protocol.request import Request

_BATCH = 4096


def enrolment_may_change(session: Session, enrolment: Enrolment) -> EnrolmentRow | None:
    """The client's active enrolment, if a new one may replace it: never while a request waits for its answer."""
    row = queries.active_enrolment(session, enrolment.client_id)
    if row is not None and (waiting := queries.open_requests(session, row)):
        raise RefusedError(
            "the client cannot enrol anew while a request waits for its answer",
            code="request_open", file=enrolment.path, field="client_id", value=waiting[0].request_id,
        )  # fmt: skip
    return row


def commitments_are_new(session: Session, enrolment: Enrolment, row: EnrolmentRow) -> None:
    """Record every commitment of an enrolment; refuse one that was seen before, in this enrolment or another."""
    for batch in _batches(enrolment):
        known = session.scalars(select(Commitment.point).where(Commitment.point.in_(batch)).limit(1)).first()
        if known is not None or len(set(batch)) != len(batch):
            raise RefusedError(
                "holds a commitment that this ledger has seen before: copied, or blinding used twice",
                code="commitment_seen", file=enrolment.path, value=known.hex() if known else None,
            )  # fmt: skip
        session.execute(insert(Commitment), [{"point": point, "enrolment_id": row.id} for point in batch])


def signer_is_known(session: Session, request: Request) -> None:
    """Only keys of the provider sign requests."""
    if session.get(ProviderKey, request.signer) is None:
        raise RefusedError(
            "request is signed by a key that is not the provider's",
            code="other_signer", file=request.path, field="signer", value=request.signer,
        )  # fmt: skip


def request_is_new(session: Session, request: Request) -> None:
    """A request id or nonce serves once."""
    for field in ("request_id", "nonce"):
        column = getattr(RequestRow, field)
        if session.scalars(select(RequestRow.id).where(column == getattr(request, field))).first() is not None:
            raise RefusedError(
                f"another request with this {field} is already published",
                code="replay", file=request.path, field=field, value=getattr(request, field),
            )  # fmt: skip


def bundle_may_be_judged(session: Session, bundle: Bundle) -> tuple[EnrolmentRow, RequestRow]:
    """The bundle answers an open request that is younger than the client's enrolment, from the client's current state."""
    enrolment = queries.need_enrolment(session, bundle.client_id)
    if enrolment.digest != bundle.enrolment_digest:
        raise _refuse(bundle, "enrolment_digest", "is not the client's enrolment in this ledger", "other_enrolment")
    request = queries.need_request(session, bundle.request_digest)
    if request.sequence < enrolment.sequence:
        raise _refuse(bundle, "request_digest", "request is older than the client's enrolment", "request_older")
    if request.closed is not None:
        raise _refuse(bundle, "request_digest", "request is closed", "request_closed")
    if queries.acceptance(session, enrolment, request) is not None:
        raise _refuse(bundle, "request_digest", "the client's answer to this request is already accepted", "replay")
    if queries.current_state(session, enrolment).state_digest != bundle.state_digest:
        raise _refuse(bundle, "state_digest", "does not start from the client's current state", "stale_state")
    return enrolment, request


def _batches(enrolment: Enrolment) -> Iterable[list[bytes]]:
    for name in ("c_theta", "c_gradients"):
        points = np.ascontiguousarray(enrolment.tensor(name)).reshape(-1, 48)
        for start in range(0, len(points), _BATCH):
            yield [point.tobytes() for point in points[start : start + _BATCH]]


def _refuse(bundle: Bundle, field: str, message: str, code: str) -> RefusedError:
    return RefusedError(message, code=code, file=bundle.path, field=field, value=getattr(bundle, field))
