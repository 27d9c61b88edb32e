"""What the ledger refuses. Each rule is one function, run inside the transaction that it guards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger import queries
from zkapex_jax.ledger.events import covers
from zkapex_jax.ledger.schema import Commitment, EnrolmentRow, ProviderKey, RequestRow, StateRow
from zkapex_jax.protocol.base import Base
from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.enrolment import Enrolment
from zkapex_jax.protocol.enrolment_proof import EnrolmentProof
from zkapex_jax.protocol.request import Request
from zkapex_jax.protocol.state import State

_BATCH = 4096


def enrolment_may_change(session: Session, enrolment: Enrolment, proof: EnrolmentProof) -> EnrolmentRow | None:
    """The client's active enrolment, if this one may replace it; None for a new client.

    Never while a request waits for an answer, and only with a proof that starts from the client's current state: that
    proof ties the new commitments to the weights that the ledger holds.
    """
    row = queries.active_enrolment(session, enrolment.client_id)
    if row is None:
        if proof.renews:
            raise _stale(proof, "replaces an enrolment of a client that has none in this ledger", "unknown_client")
        return None
    if waiting := queries.open_requests(session, row):
        raise RefusedError(
            "the client cannot enrol anew while a request waits for its answer",
            code="request_open", file=enrolment.path, field="client_id", value=waiting[0].request_id,
        )  # fmt: skip
    if not proof.renews:
        message = "the client is enrolled already: a new enrolment must be proven to hold the same weights"
        raise _stale(proof, message, "already_enrolled", hint="make it with `zkapex re-enrol`")
    if proof.state_digest != queries.current_state(session, row).state_digest:
        raise _stale(proof, "does not start from the client's current state", "stale_state")
    return row


def state_follows(before: StateRow | None, state: State) -> None:
    """A state comes right after the one before it, and forgets nothing of what was forgotten."""
    position = before.position + 1 if before else 0
    if state.position != position:
        raise RefusedError(
            "state is not the next one", code="state_order", file=state.path, field="position", value=state.position
        )
    packed = state.tensor("cumulative").tobytes()
    kept = covers(packed, before.cumulative) if before else not any(packed)
    if not kept:
        raise RefusedError(
            "does not hold exactly what was forgotten so far", code="unforgotten", file=state.path, field="cumulative"
        )


def enrolment_is_new(session: Session, enrolment: Enrolment) -> None:
    """No commitment of an enrolment was seen before, in this enrolment or another, or in an accepted bundle."""
    for batch in _batches(enrolment):
        _unseen(session, enrolment.path, batch)


def record_enrolment(session: Session, enrolment: Enrolment, row: EnrolmentRow) -> None:
    """Record every commitment of an enrolment, after the same check."""
    for batch in _batches(enrolment):
        _record(session, enrolment.path, batch, row)


def record_answer(session: Session, bundle: Bundle, row: EnrolmentRow) -> None:
    """Record Com(θ̂u) of an accepted bundle: the client's next Com(θ̂p), which nobody else may enrol."""
    for chunk in bundle.chunks:
        _record(session, bundle.path, [point.tobytes() for point in bundle.theta_points(chunk)], row)


def signer_is_known(session: Session, signed: Request | Base) -> None:
    """Only keys of the provider sign requests and base models."""
    if session.get(ProviderKey, signed.signer) is None:
        raise RefusedError(
            f"{signed.kind} is signed by a key that is not the provider's",
            code="other_signer", file=signed.path, field="signer", value=signed.signer,
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


def _record(session: Session, file: Path, batch: list[bytes], row: EnrolmentRow) -> None:
    _unseen(session, file, batch)
    session.execute(insert(Commitment), [{"point": point, "enrolment_id": row.id} for point in batch])


def _unseen(session: Session, file: Path, batch: list[bytes]) -> None:
    known = session.scalars(select(Commitment.point).where(Commitment.point.in_(batch)).limit(1)).first()
    if known is not None or len(set(batch)) != len(batch):
        raise RefusedError(
            "holds a commitment that this ledger has seen before: copied, or blinding used twice",
            code="commitment_seen", file=file, value=known.hex() if known else None,
        )  # fmt: skip


def _batches(enrolment: Enrolment) -> Iterable[list[bytes]]:
    for name in ("c_theta", "c_gradients"):
        points = np.ascontiguousarray(enrolment.tensor(name)).reshape(-1, 48)
        for start in range(0, len(points), _BATCH):
            yield [point.tobytes() for point in points[start : start + _BATCH]]


def _refuse(bundle: Bundle, field: str, message: str, code: str) -> RefusedError:
    return RefusedError(message, code=code, file=bundle.path, field=field, value=getattr(bundle, field))


def _stale(proof: EnrolmentProof, message: str, code: str, *, hint: str | None = None) -> RefusedError:
    return RefusedError(message, code=code, file=proof.path, field="state_digest", value=proof.state_digest or None, hint=hint)
