"""The append-only hash chain: every event of the ledger, in order, each sealed by SHA-256 of all before it."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Row, or_, select, true
from sqlalchemy.orm import Session, aliased

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats import canonical
from zkapex_jax.ledger.schema import BaseRow, ChainEntry, EnrolmentRow, MaskRow, ProviderKey, RequestRow, StateRow, VerdictRow

_START = hashlib.sha256(b"zkapex.ledger/1\0").hexdigest()
_BATCH = 500


def append(session: Session, kind: str, payload: dict[str, Any]) -> int:
    """Add an event within the caller's transaction; returns its sequence number, from 1."""
    last = session.scalars(select(ChainEntry).order_by(ChainEntry.sequence.desc()).limit(1)).first()
    sequence, head = (last.sequence + 1, last.head) if last else (1, _START)
    text = canonical.dumps({**payload, "kind": kind, "sequence": sequence}).decode("utf-8")
    session.add(ChainEntry(sequence=sequence, kind=kind, payload=text, head=_seal(head, text)))
    session.flush()
    return sequence


def head(session: Session, sequence: int | None = None) -> tuple[int, str]:
    """Place and head of the newest event, or of the one at `sequence`. Raises RefusedError if there is none."""
    query = select(ChainEntry).order_by(ChainEntry.sequence.desc()).limit(1)
    entry = session.scalars(query if sequence is None else query.where(ChainEntry.sequence == sequence)).one_or_none()
    if entry is None:
        raise RefusedError("the ledger's chain holds no such event", code="unknown_event", field="sequence", value=sequence)
    return entry.sequence, entry.head


def check_chain(session: Session, after: int = 0, head: str = _START) -> dict[int, dict[str, Any]]:
    """Recompute the chain from the event `after`, whose head is given, on; returns payloads by sequence. Raises InputError where it breaks."""
    payloads: dict[int, dict[str, Any]] = {}
    columns = (ChainEntry.sequence, ChainEntry.kind, ChainEntry.payload, ChainEntry.head)  # not objects: there may be many
    query = select(*columns).where(_newer(ChainEntry.sequence, after)).order_by(ChainEntry.sequence)
    for expected, entry in enumerate(session.execute(query), start=after + 1):
        if not isinstance(entry.payload, str):  # SQLite keeps what it is given, whatever the column's type
            raise InputError("event is no text", code="damaged", field=f"chain.{expected}")
        head = _seal(head, entry.payload)
        if entry.sequence != expected or entry.head != head:
            raise InputError("hash chain is broken: rows were changed or removed", code="damaged", field=f"chain.{expected}")
        payloads[expected] = _payload(entry, expected)
    return payloads


def _payload(entry: Row[Any], sequence: int) -> dict[str, Any]:
    """An event, typed: a chain that is whole may still have been written by another program."""
    payload = canonical.loads(entry.payload.encode("utf-8"))
    if not isinstance(payload, dict) or payload.get("kind") != entry.kind:
        raise InputError("event kind differs from its payload", code="damaged", field=f"chain.{sequence}")
    missing = _FIELDS.get(entry.kind, frozenset()) - payload.keys()
    if entry.kind not in _FIELDS or missing or not all(isinstance(value, (str, bool)) for value in payload.values()):
        raise InputError("event is of no known form", code="damaged", field=f"chain.{sequence}", value=entry.kind)
    return payload


def check_rows(session: Session, payloads: dict[int, dict[str, Any]], after: int = 0) -> None:
    """Every row after an event must say what its own event says, and every event must have its row.

    `payloads`: of the events after it. With 0 that is all of the ledger; what came before `after` is taken to be whole.
    """
    unseen = dict(payloads)
    for table, (kind, fields) in _SEALED.items():
        newer = _newer(table.sequence, after)
        for row in session.execute(select(table.sequence, *(getattr(table, field) for field in fields)).where(newer)):
            payload = payloads.get(row.sequence, {})
            if payload.get("kind") != kind:
                raise InputError("row belongs to no event of its kind", code="damaged", field=f"{table.__tablename__}.sequence")
            for field in fields:
                if payload.get(field) != _as_text(getattr(row, field)):
                    raise InputError("row differs from its sealed event", code="damaged", field=f"{table.__tablename__}.{field}")
            unseen.pop(row.sequence, None)
    if after:
        _check_marks_by_rows(session, payloads, after)
    else:
        _check_marks(session, payloads)
    _check_links(session, payloads, after)
    _check_states(session, payloads, after)
    for sequence, payload in unseen.items():
        if payload["kind"] != "close":
            raise InputError("sealed event has lost its row", code="damaged", field=f"chain.{sequence}")


def _check_marks(session: Session, payloads: dict[int, dict[str, Any]]) -> None:
    """The two marks that rows carry beside their events follow from later events: `replaced` and `closed`."""
    closed = {payload["request_id"] for payload in payloads.values() if payload["kind"] == "close"}
    active = {payload["client_id"]: sequence for sequence, payload in payloads.items() if payload["kind"] == "enrolment"}
    _check_closed(session, closed)
    for enrolment in session.execute(select(EnrolmentRow.client_id, EnrolmentRow.sequence, EnrolmentRow.replaced)):
        if enrolment.replaced != (active[enrolment.client_id] != enrolment.sequence):
            raise InputError("row differs from its sealed event", code="damaged", field="enrolments.replaced")


def _check_closed(session: Session, closed: set[str]) -> None:
    for request in session.execute(select(RequestRow.request_id, RequestRow.closed)):
        if (request.closed is not None) != (request.request_id in closed):
            raise InputError("row differs from its sealed event", code="damaged", field="requests.closed")


def _check_links(session: Session, payloads: dict[int, dict[str, Any]], after: int) -> None:
    """Verdicts and states belong to the clients and requests that their events name; a refusal has its reason."""
    if not any(payload["kind"] in ("verdict", "state") for payload in payloads.values()):
        return  # nor is there a row of either: each belongs to an event of its kind
    clients = dict(session.execute(select(EnrolmentRow.id, EnrolmentRow.client_id)).all())
    requests = dict(session.execute(select(RequestRow.id, RequestRow.digest)).all())
    columns = (VerdictRow.sequence, VerdictRow.enrolment_id, VerdictRow.request_id, VerdictRow.reason)
    for verdict in session.execute(select(*columns).where(_newer(VerdictRow.sequence, after))):
        payload = payloads[verdict.sequence]
        said = (payload.get("client_id"), payload.get("request"), payload.get("reason"))
        if said != (clients.get(verdict.enrolment_id), requests.get(verdict.request_id), verdict.reason or ""):
            raise InputError("row differs from its sealed event", code="damaged", field="verdicts")
    for sequence, enrolment in session.execute(select(StateRow.sequence, StateRow.enrolment_id).where(_newer(StateRow.sequence, after))):
        if payloads[sequence].get("client_id") != clients.get(enrolment):
            raise InputError("row differs from its sealed event", code="damaged", field="states.enrolment_id")


def _check_states(session: Session, payloads: dict[int, dict[str, Any]], after: int) -> None:
    """Each client's positions count up from 0, over re-enrolments too, and what was forgotten stays in the mask."""
    masks, last = _Masks(session), _last_states(session, payloads, after)
    columns = (StateRow.sequence, StateRow.position, StateRow.mask_digest)
    for row in session.execute(select(*columns).where(_newer(StateRow.sequence, after)).order_by(StateRow.sequence)):
        payload = payloads[row.sequence]
        before = last.get(payload["client_id"])
        if payload.get("cumulative") != row.mask_digest or payload.get("position") != str(row.position):
            raise InputError("row differs from its sealed event", code="damaged", field="states.cumulative")
        if row.position != (before.position + 1 if before else 0) or not masks.follows(row, before):
            raise InputError("state does not follow from the client's earlier one", code="damaged", field=f"chain.{row.sequence}")
        last[payload["client_id"]] = row


def _last_states(session: Session, payloads: dict[int, dict[str, Any]], after: int) -> dict[str, Row[Any]]:
    """Of each client that has a newer state, the last one before."""
    clients = sorted({payload["client_id"] for payload in payloads.values() if payload["kind"] == "state"}) if after else []
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(clients), _BATCH):
        query = select(EnrolmentRow.client_id, StateRow.position, StateRow.mask_digest).join(EnrolmentRow, EnrolmentRow.id == StateRow.enrolment_id)
        older = query.where(StateRow.sequence <= after, EnrolmentRow.client_id.in_(clients[start : start + _BATCH]))
        found |= {row.client_id: row for row in session.execute(older.order_by(StateRow.sequence))}
    return found


def _check_marks_by_rows(session: Session, payloads: dict[int, dict[str, Any]], after: int) -> None:
    """As `_check_marks`, where every row is known to say what its event says: the database itself looks for a later enrolment."""
    closes = select(ChainEntry.payload).where(ChainEntry.kind == "close", ChainEntry.sequence <= after)
    closed = {canonical.loads(payload.encode("utf-8"))["request_id"] for payload in session.scalars(closes)}
    closed |= {payload["request_id"] for payload in payloads.values() if payload["kind"] == "close"}
    _check_closed(session, closed)
    later = aliased(EnrolmentRow)
    replaced = select(later.id).where(later.client_id == EnrolmentRow.client_id, later.sequence > EnrolmentRow.sequence).exists()
    if session.scalars(select(EnrolmentRow.id).where(EnrolmentRow.replaced.is_distinct_from(replaced)).limit(1)).first() is not None:
        raise InputError("row differs from its sealed event", code="damaged", field="enrolments.replaced")


def _newer(column: Any, after: int) -> Any:
    """After an event; a place that is none belongs to no event, and is looked at wherever one begins."""
    return or_(column > after, column.is_(None)) if after else true()


class _Masks:
    """Masks of one ledger, two of them in memory at a time; a step that many clients took is looked at once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._fine: set[tuple[str | None, str]] = set()

    def follows(self, row: Row[Any], before: Row[Any] | None) -> bool:
        """Whether a state's mask is what its digest says, and holds all of the earlier one's."""
        step = (before.mask_digest if before else None, row.mask_digest)
        if step not in self._fine:
            after, old = self._load(row.mask_digest), self._load(before.mask_digest) if before else None
            if old is not None and not covers(after, old):
                return False
            self._fine.add(step)
        return True

    def _load(self, digest: str) -> bytes:
        packed = self._session.scalars(select(MaskRow.packed).where(MaskRow.digest == digest)).one_or_none()
        if not isinstance(packed, bytes) or mask_digest(packed) != digest:
            raise InputError("mask is not the one that its state was sealed with", code="damaged", field="masks.packed")
        return packed


def mask_digest(packed: bytes) -> str:
    """SHA-256 of a packed mask, hex."""
    return hashlib.sha256(packed).hexdigest()


def covers(mask: bytes, part: bytes) -> bool:
    """Whether a packed mask holds every bit of another of its length."""
    return len(mask) == len(part) and int.from_bytes(part) & ~int.from_bytes(mask) == 0


#: Table -> kind of its events, and the fields that row and event share.
_SEALED: dict[Any, tuple[str, tuple[str, ...]]] = {
    ProviderKey: ("key", ("public",)),
    BaseRow: ("base", ("digest", "weights_digest", "signer")),
    EnrolmentRow: ("enrolment", ("client_id", "digest", "proof_digest", "base_digest")),
    RequestRow: ("request", ("request_id", "digest", "nonce", "signer")),
    VerdictRow: ("verdict", ("bundle_digest", "accepted")),
    StateRow: ("state", ("head", "state_digest")),
}
#: Kind of event -> fields that it must have.
_FIELDS: dict[str, frozenset[str]] = {kind: frozenset(fields) for kind, fields in _SEALED.values()} | {"close": frozenset({"request_id"})}
_FIELDS["state"] |= {"client_id"}


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _seal(head: str, payload: str) -> str:
    return hashlib.sha256(bytes.fromhex(head) + payload.encode("utf-8")).hexdigest()
