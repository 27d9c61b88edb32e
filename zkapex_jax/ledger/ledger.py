"""The provider's ledger: who enrolled what, which requests were published, who proved that they complied."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.ledger import events, queries, rows, rules
from zkapex_jax.ledger.database import create_database, database_exists, open_database, reading, transaction
from zkapex_jax.ledger.place import parse_place
from zkapex_jax.ledger.records import BaseRecord, EnrolmentRecord, RequestRecord, StateRecord, VerdictRecord
from zkapex_jax.ledger.remembering import LedgerMark, check_since, facts_of
from zkapex_jax.ledger.schema import BaseRow, EnrolmentRow, ProviderKey, RequestRow, VerdictRow
from zkapex_jax.protocol.base import Base
from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.enrolment import Enrolment
from zkapex_jax.protocol.enrolment_proof import EnrolmentProof
from zkapex_jax.protocol.fields import now
from zkapex_jax.protocol.request import Request
from zkapex_jax.protocol.signing import check_public
from zkapex_jax.protocol.state import State


@dataclass(frozen=True)
class Ledger:
    """One SQLite file, or one PostgreSQL database. Every method is one transaction: it is recorded whole, or not at all.

    `path`: the file, or the database's URL without its password.
    """

    path: Path | str
    _engine: Engine

    @classmethod
    def create(cls, place: str | os.PathLike[str]) -> Self:
        """A new ledger in a file or at a URL (`sqlite:///…`, `postgresql://…`); raises StorageError if there is one."""
        found = parse_place(place)
        return cls(found.name, create_database(found))

    @staticmethod
    def exists(place: str | os.PathLike[str]) -> bool:
        """Whether there is a ledger to open, or a file that stands in the way of a new one."""
        return database_exists(parse_place(place))

    @classmethod
    def open(cls, place: str | os.PathLike[str], *, check: bool = True) -> Self:
        """An existing ledger, its hash chain recomputed; `check` False leaves that to who did it a moment ago.

        Raises InputError if it is damaged or of another version.
        """
        found = parse_place(place)
        ledger = cls(found.name, open_database(found))
        if check:
            ledger.check()
        return ledger

    @classmethod
    def open_since(cls, place: str | os.PathLike[str], mark: LedgerMark | None) -> tuple[Self, int | None]:
        """As `open`, but what the mark says was whole is compared with it, and only newer events are checked; their number.

        None for it: the mark did not fit, and all was checked. Raises as `open`.
        """
        if mark is not None:
            found = parse_place(place)
            ledger = cls(found.name, open_database(found))
            if (newer := ledger._check_since(mark)) is not None:
                return ledger, newer
            ledger.close()
        return cls.open(place), None

    def _check_since(self, mark: LedgerMark) -> int | None:
        with reading(self._engine, self.path) as session:
            try:
                return check_since(session, mark)
            except InputError as error:
                raise error.in_file(self.path) from error

    def mark(self) -> dict[str, Any] | None:
        """Fields of a mark, of a ledger that was checked just now; None of an empty one."""
        with reading(self._engine, self.path) as session:
            return facts_of(session)

    def close(self) -> None:
        """Let every connection go."""
        self._engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for queries, all of one moment; errors of the database come out as ours."""
        with reading(self._engine, self.path) as session:
            yield session

    def check(self) -> int:
        """Recompute the chain and compare every row with its event; returns the number of events."""
        with reading(self._engine, self.path) as session:
            try:
                payloads = events.check_chain(session)
                events.check_rows(session, payloads)
            except InputError as error:
                raise error.in_file(self.path) from error
            return len(payloads)

    def trust(self, public: str) -> None:
        """Add a provider key (hex); adding one again changes nothing."""
        check_public(public)
        with transaction(self._engine, self.path) as session:
            if session.get(ProviderKey, public) is None:
                sequence = events.append(session, "key", {"public": public})
                session.add(ProviderKey(public=public, added=now(), sequence=sequence))

    def keys(self) -> tuple[str, ...]:
        """Provider keys, hex."""
        with reading(self._engine, self.path) as session:
            return tuple(session.scalars(select(ProviderKey.public).order_by(ProviderKey.sequence)))

    def add_base(self, base: Base) -> BaseRecord:
        """Record a base model whose commitments were recomputed. Adding it again changes nothing.

        Raises RefusedError for an unknown signer or a wrong signature.
        """
        with transaction(self._engine, self.path) as session:
            rows.check_signed(session, base)
            known = session.get(BaseRow, base.digest)
            return BaseRecord.of(known or rows.new_base(session, base))

    def check_signer(self, base: Base) -> None:
        """Raise RefusedError unless one of the provider's keys signed this base model."""
        with reading(self._engine, self.path) as session:
            rows.check_signed(session, base)

    def bases(self) -> tuple[BaseRecord, ...]:
        """Every published base model, oldest first."""
        with reading(self._engine, self.path) as session:
            return tuple(map(BaseRecord.of, session.scalars(select(BaseRow).order_by(BaseRow.sequence))))

    def check_enrolment(self, enrolment: Enrolment, proof: EnrolmentProof) -> None:
        """Raise RefusedError if the rules refuse this enrolment, before points and proof are looked at."""
        with reading(self._engine, self.path) as session:
            known = rows.known_enrolment(session, enrolment)
            if known is None:
                queries.need_base(session, enrolment)
                rules.enrolment_may_change(session, enrolment, proof)
                rules.enrolment_is_new(session, enrolment)
            elif known.replaced:
                raise RefusedError(
                    "was replaced by a later enrolment", code="replaced", file=enrolment.path, value=enrolment.digest
                )

    def check_request(self, request: Request) -> None:
        """Raise RefusedError if the rules refuse this request, before its commitments are recomputed."""
        with reading(self._engine, self.path) as session:
            rows.may_be_published(session, request)

    def add_enrolment(self, enrolment: Enrolment, proof: EnrolmentProof, state: State) -> EnrolmentRecord:
        """Record an enrolment whose proof was verified, with the state that it leads to. Adding it again changes nothing.

        Raises RefusedError if a rule of `check_enrolment` fails now, or `state` does not follow.
        """
        with transaction(self._engine, self.path) as session:
            known = rows.known_enrolment(session, enrolment)
            if known is not None:
                return EnrolmentRecord.of(known)
            base, old = queries.need_base(session, enrolment), rules.enrolment_may_change(session, enrolment, proof)
            before = queries.current_state(session, old) if old else None
            if old is not None:
                old.replaced = True
                session.flush()
            row = rows.new_enrolment(session, enrolment, proof, base)
            rules.record_enrolment(session, enrolment, row)
            rows.add_state(session, row, before, state)
            return EnrolmentRecord.of(row)

    def add_request(self, request: Request) -> RequestRecord:
        """Record a request whose commitments were recomputed. Adding it again changes nothing.

        Raises RefusedError for an unknown signer, a wrong signature, or an id or nonce that was used before.
        """
        with transaction(self._engine, self.path) as session:
            known = rows.may_be_published(session, request)
            return RequestRecord.of(known or rows.new_request(session, request))

    def close_request(self, request_id: str) -> None:
        """Stop waiting for answers to a request."""
        with transaction(self._engine, self.path) as session:
            row = session.scalars(select(RequestRow).where(RequestRow.request_id == request_id)).one_or_none()
            if row is None:
                raise InputError("no such request", file=self.path, field="request_id", value=request_id)
            if row.closed is None:
                events.append(session, "close", {"request_id": request_id})
                row.closed = now()

    def check_bundle(self, bundle: Bundle) -> None:
        """Raise RefusedError if the rules refuse this bundle before any proof is looked at."""
        with reading(self._engine, self.path) as session:
            rules.bundle_may_be_judged(session, bundle)

    def accept(self, bundle: Bundle, state: State, *, seconds: float) -> VerdictRecord:
        """Record a verified bundle and the client's next state; the rules are checked again inside the transaction."""
        with transaction(self._engine, self.path) as session:
            enrolment, request = rules.bundle_may_be_judged(session, bundle)
            row = rows.new_verdict(session, bundle, enrolment, request, seconds, reason=None)
            rules.record_answer(session, bundle, enrolment)
            rows.add_state(session, enrolment, queries.current_state(session, enrolment), state)
            return VerdictRecord.of(row)

    def refuse(self, bundle: Bundle, *, reason: str, seconds: float) -> VerdictRecord:
        """Record that a bundle's proof failed. The same bundle again changes nothing."""
        with transaction(self._engine, self.path) as session:
            enrolment, request = rules.bundle_may_be_judged(session, bundle)
            known = queries.refusal(session, enrolment, request, bundle.digest)
            if known is not None:
                return VerdictRecord.of(known)
            return VerdictRecord.of(rows.new_verdict(session, bundle, enrolment, request, seconds, reason=reason))

    def enrolment(self, client_id: str) -> EnrolmentRecord:
        """The client's active enrolment. Raises RefusedError if there is none."""
        with reading(self._engine, self.path) as session:
            return EnrolmentRecord.of(queries.need_enrolment(session, client_id))

    def find_enrolment(self, client_id: str) -> EnrolmentRecord | None:
        """As `enrolment`, or None."""
        with reading(self._engine, self.path) as session:
            row = queries.active_enrolment(session, client_id)
            return EnrolmentRecord.of(row) if row else None

    def enrolments(self) -> tuple[EnrolmentRecord, ...]:
        """Every enrolment ever admitted, oldest first."""
        with reading(self._engine, self.path) as session:
            return tuple(map(EnrolmentRecord.of, session.scalars(select(EnrolmentRow).order_by(EnrolmentRow.sequence))))

    def request(self, digest: str) -> RequestRecord:
        """A published request. Raises RefusedError if there is none."""
        with reading(self._engine, self.path) as session:
            return RequestRecord.of(queries.need_request(session, digest))

    def requests(self) -> tuple[RequestRecord, ...]:
        """Every published request, oldest first."""
        with reading(self._engine, self.path) as session:
            return tuple(map(RequestRecord.of, session.scalars(select(RequestRow).order_by(RequestRow.sequence))))

    def open_requests(self, client_id: str) -> tuple[RequestRecord, ...]:
        """Requests that wait for this client's answer, oldest first."""
        with reading(self._engine, self.path) as session:
            row = queries.need_enrolment(session, client_id)
            return tuple(map(RequestRecord.of, queries.open_requests(session, row)))

    def state(self, client_id: str) -> StateRecord:
        """The client's current state."""
        with reading(self._engine, self.path) as session:
            return StateRecord.of(queries.current_state(session, queries.need_enrolment(session, client_id)))

    def last_answer(self, client_id: str, request: str) -> str:
        """Digest of the bundle that the last verdict on a client's answers to a request (id or digest) is about.

        Raises RefusedError if there is none.
        """
        with reading(self._engine, self.path) as session:
            return queries.last_answer(session, client_id, request)

    def head(self, sequence: int | None = None) -> tuple[int, str]:
        """Sequence number and head of the chain's newest event, or of the given one. Raises RefusedError if there is none."""
        with reading(self._engine, self.path) as session:
            return events.head(session, sequence)

    def verdict(self, bundle_digest: str) -> VerdictRecord | None:
        """The last verdict on a bundle, if any."""
        query = select(VerdictRow).where(VerdictRow.bundle_digest == bundle_digest).order_by(VerdictRow.sequence.desc())
        with reading(self._engine, self.path) as session:
            row = session.scalars(query.limit(1)).first()
            return VerdictRecord.of(row) if row else None

    def verdicts(self) -> tuple[VerdictRecord, ...]:
        """Every verdict, oldest first."""
        with reading(self._engine, self.path) as session:
            return tuple(map(VerdictRecord.of, session.scalars(select(VerdictRow).order_by(VerdictRow.sequence))))
