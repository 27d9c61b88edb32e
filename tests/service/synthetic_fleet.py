"""A ledger with thousands of clients in seconds: rows and their sealed events, as years of service would leave them.

No artefact lies behind the digests: this is for what a provider asks of a fleet, not of one client. Everything follows the
rules that `Ledger.check` recomputes, so that a filled ledger opens like any other.

    python tests/service/synthetic_fleet.py FOLDER --clients 10000
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert, select, text

from zkapex_jax.formats import canonical
from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.database import transaction
from zkapex_jax.ledger.postgres import refresh_statistics
from zkapex_jax.ledger.schema import Base as LedgerBase
from zkapex_jax.ledger.schema import BaseRow, ChainEntry, EnrolmentRow, MaskRow, ProviderKey, RequestRow, StateRow, VerdictRow

WEIGHTS = 2000
REASONS = (
    "chunk 3: proof refused: the opening of the commitments does not hold",
    "chunk 0: proof refused: the identities do not hold at the challenge",
    "chunk 1: commitment of θ̂u is not a point of the curve",
)


@dataclass(frozen=True)
class Asked:
    """One request: when it was published, and which shares of those who could answer did so, or failed."""

    request_id: str
    days_ago: float
    complied: float
    refused: float
    closed: bool = False


REQUESTS = (
    Asked("forget-2026-09", 60, complied=0.96, refused=0.02, closed=True),
    Asked("forget-2026-10", 21, complied=0.90, refused=0.03),
    Asked("forget-2026-11", 3, complied=0.62, refused=0.02),
)


class Names:
    """Digests of a history with no artefacts behind them. A subclass may put real ones there, for clients of its choice."""

    #: Bytes of a packed mask.
    mask_bytes = WEIGHTS // 8

    def base(self) -> dict[str, str]:
        return {"digest": digest("base", 0), "weights_digest": digest("weights", 0)}

    def request(self, number: int, asked: Asked, rng: np.random.Generator) -> tuple[dict[str, str], bytes]:
        """Digest and nonce of a request, and its packed mask."""
        mask = np.packbits(rng.random(8 * self.mask_bytes) < 0.05, bitorder="little").tobytes()
        return {"digest": digest("request", number), "nonce": digest("nonce", number)}, mask

    def enrolment(self, client: Client, number: int) -> dict[str, str]:
        return {"digest": digest("enrolment", number), "proof_digest": digest("proof", number)}

    def bundle(self, client: Client, request: int, number: int, accepted: bool) -> str:
        return digest("bundle", number)

    def state(self, client: Client, number: int) -> dict[str, str]:
        return {"state_digest": digest("state", number), "head": digest("head", number)}


@dataclass
class Sealed:
    """Rows to be, by table, and the chain that seals them."""

    sequence: int
    head: str
    names: Names
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)
    masks: dict[str, bytes] = field(default_factory=dict)

    def event(self, kind: str, payload: dict[str, Any]) -> int:
        """Seal an event as the ledger's format says: SHA-256(previous head, canonical payload)."""
        self.sequence += 1
        text = canonical.dumps({**payload, "kind": kind, "sequence": self.sequence}).decode()
        self.head = hashlib.sha256(bytes.fromhex(self.head) + text.encode()).hexdigest()
        self.add(ChainEntry, sequence=self.sequence, kind=kind, payload=text, head=self.head)
        return self.sequence

    def add(self, table: Any, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)


@dataclass
class Client:
    """Where one synthetic client stands while its history is written."""

    client_id: str
    enrolment: int
    position: int
    cumulative: bytes


def name(number: int) -> str:
    return f"edge-{number:05}"


def fill(
    ledger: Ledger, clients: int, *, requests: tuple[Asked, ...] = REQUESTS, seed: int = 0, now: datetime | None = None,
    names: Names | None = None,
) -> dict[str, Counter]:  # fmt: skip
    """Add `clients` clients to a ledger that trusts a key and is otherwise new; returns what each request came to.

    Nineteen of twenty enrol before the first request, the others between the second and the third. One in 97 that has
    answered everything enrols anew before the last request.
    """
    rng, now = np.random.default_rng(seed), now or datetime.now(UTC)
    with transaction(ledger._engine, ledger.path) as session:
        last = session.scalars(select(ChainEntry).order_by(ChainEntry.sequence.desc()).limit(1)).one()
        signer = session.scalars(select(ProviderKey.public)).first()
        counts = _history(Sealed(last.sequence, last.head, names or Names()), signer, clients, requests, rng, now, session)
        refresh_statistics(session.connection(), LedgerBase.metadata.tables)
    return counts


def _history(sealed: Sealed, signer: str, clients: int, requests: tuple[Asked, ...], rng: Any, now: datetime, session: Any) -> dict[str, Counter]:
    start, late = now - timedelta(days=requests[0].days_ago + 30), clients // 20
    words = sealed.names.base() | {"signer": signer}
    base = words["digest"]
    sealed.add(BaseRow, **words, received=_time(start), sequence=sealed.event("base", words))
    enrolled = [_enrol(sealed, number, base, start + timedelta(seconds=90 * number)) for number in range(clients - late)]
    counts = {}
    for number, asked in enumerate(requests, start=1):
        if number == len(requests):
            enrolled += [_enrol(sealed, i, base, now - timedelta(days=asked.days_ago + 1)) for i in range(clients - late, clients)]
            for client in enrolled[:: 97]:
                if client.position == number - 1:
                    _renew(sealed, client, base, now - timedelta(days=asked.days_ago, hours=5))
        counts[asked.request_id] = _ask(sealed, number, asked, signer, enrolled, rng, now)
    for table in (ChainEntry, BaseRow, EnrolmentRow, RequestRow, VerdictRow):
        session.execute(insert(table), sealed.rows[table])
    session.execute(insert(MaskRow), [{"digest": digest, "packed": packed} for digest, packed in sealed.masks.items()])
    session.execute(insert(StateRow), sealed.rows[StateRow])
    if session.get_bind().dialect.name == "postgresql":  # rows that came with their ids: the next ones must not take them again
        for table in (EnrolmentRow, RequestRow, VerdictRow, StateRow):
            name = table.__tablename__
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"))
    return counts


def _enrol(sealed: Sealed, number: int, base: str, when: datetime) -> Client:
    client = Client(name(number), 0, -1, bytes(sealed.names.mask_bytes))
    _enrolment(sealed, client, base, when)
    return client


def _renew(sealed: Sealed, client: Client, base: str, when: datetime) -> None:
    sealed.rows[EnrolmentRow][client.enrolment - 1]["replaced"] = True
    _enrolment(sealed, client, base, when)


def _enrolment(sealed: Sealed, client: Client, base: str, when: datetime) -> None:
    client.enrolment = len(sealed.rows.get(EnrolmentRow, ())) + 1
    digests = sealed.names.enrolment(client, client.enrolment) | {"base_digest": base}
    sequence = sealed.event("enrolment", {"client_id": client.client_id} | digests)
    sealed.add(
        EnrolmentRow, id=client.enrolment, client_id=client.client_id, **digests,
        received=_time(when), replaced=False, sequence=sequence,
    )  # fmt: skip
    _state(sealed, client, client.cumulative)


def _state(sealed: Sealed, client: Client, cumulative: bytes) -> None:
    number = len(sealed.rows.get(StateRow, ())) + 1
    client.position, client.cumulative = client.position + 1, cumulative
    words, mask = sealed.names.state(client, number), hashlib.sha256(cumulative).hexdigest()
    sealed.masks[mask] = cumulative
    sequence = sealed.event("state", words | {"client_id": client.client_id, "position": client.position, "cumulative": mask})
    sealed.add(
        StateRow, id=number, enrolment_id=client.enrolment, position=client.position, mask_digest=mask, sequence=sequence, **words
    )  # fmt: skip


def _ask(sealed: Sealed, number: int, asked: Asked, signer: str, clients: list[Client], rng: Any, now: datetime) -> Counter:
    published = now - timedelta(days=asked.days_ago)
    digests, mask = sealed.names.request(number, asked, rng)
    words = {"request_id": asked.request_id, **digests, "signer": signer}
    row = words | {"id": number, "received": _time(published), "closed": _time(now - timedelta(days=30)) if asked.closed else None}
    sealed.add(RequestRow, **row, sequence=sealed.event("request", words))
    counts: Counter = Counter()
    draws, delays = rng.random(len(clients)), rng.random(len(clients)) * 0.9
    for client, draw, delay in zip(clients, draws, delays, strict=True):
        when = published + timedelta(days=float(delay) * min(asked.days_ago, 20))
        outcome = "complied" if draw < asked.complied else "refused" if draw < asked.complied + asked.refused else "silent"
        counts[outcome] += 1
        if outcome == "silent":
            continue
        reason = REASONS[client.enrolment % len(REASONS)] if outcome == "refused" or client.enrolment % 41 == 0 else None
        if reason:
            _verdict(sealed, client, number, words["digest"], reason, when - timedelta(minutes=30))
        if outcome == "complied":
            _verdict(sealed, client, number, words["digest"], None, when)
            _state(sealed, client, bytes(a | b for a, b in zip(client.cumulative, mask, strict=True)))
    if asked.closed:
        sealed.event("close", {"request_id": asked.request_id})
    return counts


def _verdict(sealed: Sealed, client: Client, request: int, digest: str, reason: str | None, when: datetime) -> None:
    number = len(sealed.rows.get(VerdictRow, ())) + 1
    words = {"bundle_digest": sealed.names.bundle(client, request, number, reason is None), "accepted": reason is None}
    sequence = sealed.event("verdict", words | {"client_id": client.client_id, "request": digest, "reason": reason or ""})
    sealed.add(
        VerdictRow, id=number, enrolment_id=client.enrolment, request_id=request, reason=reason, **words,
        verifier_seconds=0.047 + number % 7 / 1000, received=_time(when), sequence=sequence,
    )  # fmt: skip


def digest(kind: str, number: int) -> str:
    """Names nothing that exists."""
    return hashlib.sha256(f"synthetic {kind} {number}".encode()).hexdigest()


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    from zkapex_jax.protocol import generate_key

    parser = argparse.ArgumentParser(description="Make a provider's folder with a synthetic fleet.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clients", type=int, default=10_000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    ledger = Ledger.create(given.folder / "ledger.sqlite")
    ledger.trust(generate_key(given.folder / "provider.key").public)
    counts = fill(ledger, given.clients)
    print({request: dict(count) for request, count in counts.items()}, f"{ledger.check():,} events")


if __name__ == "__main__":
    main()
