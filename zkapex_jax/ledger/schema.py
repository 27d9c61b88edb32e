"""Tables of the ledger, version 3. Rows are only added, but for a request's closing and an enrolment's replacement.

A change here comes with a script in `zkapex_jax/ledger/migrations/versions`: a test holds what both make to each other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Double, ForeignKey, Index, LargeBinary, String, Table, UniqueConstraint, event, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from zkapex_jax.ledger.append_only import triggers

SCHEMA_VERSION = 3
#: The same, as Alembic names its scripts, and the table where it stands.
REVISION = "0003"
VERSION_TABLE = "ledger_version"
APPLICATION_ID = 0x7A6B6170  # "zkap", so that other SQLite files are told apart


#: Client ids sort by code point, whatever the language of a database.
_ID = String().with_variant(String(collation="C"), "postgresql")


class Base(DeclarativeBase):
    """Declarative base of the ledger."""


class ChainEntry(Base):
    """One event. `payload` is canonical JSON; `head` = SHA-256(previous head, payload): nothing can be dropped unseen."""

    __tablename__ = "chain"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    payload: Mapped[str]
    head: Mapped[str] = mapped_column(unique=True)


class ProviderKey(Base):
    """A public key whose requests this ledger takes."""

    __tablename__ = "provider_keys"

    public: Mapped[str] = mapped_column(primary_key=True)
    added: Mapped[str]
    sequence: Mapped[int] = mapped_column(ForeignKey("chain.sequence"))


class BaseRow(Base):
    """A base model that enrolments may start from."""

    __tablename__ = "bases"

    digest: Mapped[str] = mapped_column(primary_key=True)
    weights_digest: Mapped[str] = mapped_column(index=True)
    signer: Mapped[str] = mapped_column(ForeignKey("provider_keys.public"))
    received: Mapped[str]
    sequence: Mapped[int] = mapped_column(ForeignKey("chain.sequence"))


class EnrolmentRow(Base):
    """An admitted enrolment, never without its proof; `replaced` marks one that a later enrolment of the client took over."""

    __tablename__ = "enrolments"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(_ID, index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    received: Mapped[str]
    proof_digest: Mapped[str]
    base_digest: Mapped[str] = mapped_column(ForeignKey("bases.digest"))
    replaced: Mapped[bool] = mapped_column(default=False)
    sequence: Mapped[int] = mapped_column(ForeignKey("chain.sequence"))

    __table_args__ = (
        Index("one_active_enrolment", "client_id", unique=True, sqlite_where=text("replaced = 0"), postgresql_where=text("NOT replaced")),
    )


class Commitment(Base):
    """A commitment of a client, from an enrolment or an accepted bundle. Honest ones never repeat: each is blinded afresh."""

    __tablename__ = "commitments"

    point: Mapped[bytes] = mapped_column(LargeBinary(48), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))

    __table_args__ = {"sqlite_with_rowid": False}


class RequestRow(Base):
    """A published request; `closed` is set when the provider stops waiting for answers."""

    __tablename__ = "requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(unique=True)
    nonce: Mapped[str] = mapped_column(unique=True)
    signer: Mapped[str] = mapped_column(ForeignKey("provider_keys.public"))
    received: Mapped[str]
    closed: Mapped[str | None]
    sequence: Mapped[int] = mapped_column(ForeignKey("chain.sequence"))


class VerdictRow(Base):
    """The outcome of verifying one bundle. At most one bundle is accepted for an enrolment and a request."""

    __tablename__ = "verdicts"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"))
    bundle_digest: Mapped[str] = mapped_column(index=True)
    accepted: Mapped[bool]
    reason: Mapped[str | None]
    verifier_seconds: Mapped[float] = mapped_column(Double)
    received: Mapped[str]
    sequence: Mapped[int] = mapped_column(ForeignKey("chain.sequence"), index=True)

    __table_args__ = (
        Index("one_acceptance", "enrolment_id", "request_id", unique=True, sqlite_where=text("accepted = 1"), postgresql_where=text("accepted")),
        Index("verdicts_of", "request_id", "enrolment_id"),
    )


class MaskRow(Base):
    """A packed mask by its SHA-256: clients that forgot the same share it."""

    __tablename__ = "masks"

    digest: Mapped[str] = mapped_column(primary_key=True)
    packed: Mapped[bytes]


class StateRow(Base):
    """A state of a client; the one of highest position is current. `cumulative`: packed mask of forgotten weights."""

    __tablename__ = "states"

    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    position: Mapped[int]
    state_digest: Mapped[str] = mapped_column(unique=True)
    head: Mapped[str] = mapped_column(unique=True)
    mask_digest: Mapped[str] = mapped_column(ForeignKey("masks.digest"))
    sequence: Mapped[int] = mapped_column(ForeignKey("chain.sequence"), index=True)

    mask: Mapped[MaskRow] = relationship()

    __table_args__ = (UniqueConstraint("enrolment_id", "position"),)

    @property
    def cumulative(self) -> bytes:
        return self.mask.packed


def _append_only(table: Table, connection: Connection, **_: Any) -> None:
    for statement in triggers(connection.dialect.name, table.name):
        connection.exec_driver_sql(statement)


for _name in ("chain", "bases", "verdicts", "states", "masks", "commitments"):
    event.listen(Base.metadata.tables[_name], "after_create", _append_only)
