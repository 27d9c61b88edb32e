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
from sqlalchemy import insert, select

from zkapex_jax.formats import canonical
from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.database import transaction
from zkapex_jax.ledger.schema import BaseRow, ChainEntry, EnrolmentRow, ProviderKey, RequestRow, StateRow, VerdictRow

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


@dataclass
class Sealed:
    """Rows to be, by table, and the chain that seals them."""

    sequence: int
    head: str
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)

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


def fill(ledger: Ledger, clients: int, *, requests: tuple[Asked, ...] = REQUESTS, seed: int = 0, now: datetime | None = None) -> dict[str, Counter]:
    """Add `clients` clients to a ledger that trusts a key and is otherwise new; returns what each request came to.

    Nineteen of twenty enrol before the first request, the others between the second and the third. One in 97 that has
    answered everything enrols anew before the last request.
    """
    rng, now = np.random.default_rng(seed), now or datetime.now(UTC)
    with transaction(ledger._engine, ledger.path) as session:
        last = session.scalars(select(ChainEntry).order_by(ChainEntry.sequence.desc()).limit(1)).one()
        signer = session.scalars(select(ProviderKey.public)).first()
        counts = _history(Sealed(last.sequence, last.head), signer, clients, requests, rng, now, session)
    return counts


def _history(sealed: Sealed, signer: str, clients: int, requests: tuple[Asked, ...], rng: Any, now: datetime, session: Any) -> dict[str, Counter]:
    start, late = now - timedelta(days=requests[0].days_ago + 30), clients // 20
    base = _digest("base", 0)
    words = {"digest": base, "weights_digest": _digest("weights", 0), "signer": signer}
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
    for table in (ChainEntry, BaseRow, EnrolmentRow, RequestRow, VerdictRow, StateRow):
        session.execute(insert(table), sealed.rows[table])
    return counts


def _enrol(sealed: Sealed, number: int, base: str, when: datetime) -> Client:
    client = Client(name(number), 0, -1, bytes(WEIGHTS // 8))
    _enrolment(sealed, client, base, when)
    return client


def _renew(sealed: Sealed, client: Client, base: str, when: datetime) -> None:
    sealed.rows[EnrolmentRow][client.enrolment - 1]["replaced"] = True
    _enrolment(sealed, client, base, when)


def _enrolment(sealed: Sealed, client: Client, base: str, when: datetime) -> None:
    client.enrolment = len(sealed.rows.get(EnrolmentRow, ())) + 1
    digests = {"digest": _digest("enrolment", client.enrolment), "proof_digest": _digest("proof", client.enrolment), "base_digest": base}
    sequence = sealed.event("enrolment", {"client_id": client.client_id} | digests)
    sealed.add(
        EnrolmentRow, id=client.enrolment, client_id=client.client_id, **digests,
        received=_time(when), replaced=False, sequence=sequence,
    )  # fmt: skip
    _state(sealed, client, client.cumulative)


def _state(sealed: Sealed, client: Client, cumulative: bytes) -> None:
    number = len(sealed.rows.get(StateRow, ())) + 1
    client.position, client.cumulative = client.position + 1, cumulative
    words = {"state_digest": _digest("state", number), "head": _digest("head", number)}
    proof = {"client_id": client.client_id, "position": client.position, "cumulative": hashlib.sha256(cumulative).hexdigest()}
    sequence = sealed.event("state", words | proof)
    sealed.add(
        StateRow, id=number, enrolment_id=client.enrolment, position=client.position, cumulative=cumulative, sequence=sequence, **words
    )


def _ask(sealed: Sealed, number: int, asked: Asked, signer: str, clients: list[Client], rng: Any, now: datetime) -> Counter:
    published = now - timedelta(days=asked.days_ago)
    words = {"request_id": asked.request_id, "digest": _digest("request", number), "nonce": _digest("nonce", number), "signer": signer}
    row = words | {"id": number, "received": _time(published), "closed": _time(now - timedelta(days=30)) if asked.closed else None}
    sealed.add(RequestRow, **row, sequence=sealed.event("request", words))
    mask, counts = np.packbits(rng.random(WEIGHTS) < 0.05, bitorder="little").tobytes(), Counter()
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
    words = {"bundle_digest": _digest("bundle", number), "accepted": reason is None}
    sequence = sealed.event("verdict", words | {"client_id": client.client_id, "request": digest, "reason": reason or ""})
    sealed.add(
        VerdictRow, id=number, enrolment_id=client.enrolment, request_id=request, reason=reason, **words,
        verifier_seconds=0.047 + number % 7 / 1000, received=_time(when), sequence=sequence,
    )  # fmt: skip


def _digest(kind: str, number: int) -> str:
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
