"""All that the ledger holds of one client, for a page of its own."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger.ledger import Ledger
from zkapex_jax.ledger.records import EnrolmentRecord, RequestRecord
from zkapex_jax.ledger.schema import EnrolmentRow, RequestRow, StateRow, VerdictRow


@dataclass(frozen=True)
class ClientState:
    """One state of the chain, without its mask: `digest` names the artefact that holds it."""

    position: int
    digest: str
    head: str
    enrolment_digest: str
    sequence: int


@dataclass(frozen=True)
class ClientVerdict:
    """One verdict; `state_digest`: the state that an accepted bundle led to, which is the next event of the chain."""

    request_id: str
    request_digest: str
    enrolment_digest: str
    bundle_digest: str
    accepted: bool
    reason: str | None
    verifier_seconds: float
    received: str
    sequence: int
    state_digest: str | None


@dataclass(frozen=True)
class ClientDetail:
    """Oldest first, all of them. `requests`: those that the client was asked, younger than its first enrolment."""

    client_id: str
    enrolments: tuple[EnrolmentRecord, ...]
    states: tuple[ClientState, ...]
    verdicts: tuple[ClientVerdict, ...]
    requests: tuple[RequestRecord, ...]


def client_detail(ledger: Ledger, client_id: str) -> ClientDetail:
    """Everything of one client. Raises RefusedError (`unknown_client`) if it never enrolled."""
    with ledger.reading() as session:
        enrolments = session.scalars(
            select(EnrolmentRow).where(EnrolmentRow.client_id == client_id).order_by(EnrolmentRow.sequence)
        ).all()
        if not enrolments:
            raise RefusedError(
                "no such client is enrolled in this ledger", code="unknown_client", field="client_id", value=client_id
            )
        digests = {row.id: row.digest for row in enrolments}
        columns = (StateRow.position, StateRow.state_digest, StateRow.head, StateRow.enrolment_id, StateRow.sequence)
        found = session.execute(select(*columns).where(StateRow.enrolment_id.in_(digests)).order_by(StateRow.sequence)).all()
        states = tuple(ClientState(row[0], row[1], row[2], digests[row[3]], row[4]) for row in found)
        led_to = {state.sequence: state.digest for state in states}
        judged = session.execute(
            select(VerdictRow, RequestRow).join(RequestRow, RequestRow.id == VerdictRow.request_id)
            .where(VerdictRow.enrolment_id.in_(digests)).order_by(VerdictRow.sequence)
        ).all()  # fmt: skip
        verdicts = tuple(
            ClientVerdict(request.request_id, request.digest, digests[row.enrolment_id], row.bundle_digest, row.accepted, row.reason,
                          row.verifier_seconds, row.received, row.sequence, led_to.get(row.sequence + 1) if row.accepted else None)
            for row, request in judged
        )  # fmt: skip
        asked = session.scalars(
            select(RequestRow).where(RequestRow.sequence > enrolments[0].sequence).order_by(RequestRow.sequence)
        ).all()
        return ClientDetail(
            client_id, tuple(map(EnrolmentRecord.of, enrolments)), states, verdicts, tuple(map(RequestRecord.of, asked))
        )
