"""Tables of the service, in the ledger's database beside the ledger's own, which they never point into.

They hold what is on its way; what was decided stands in the ledger. Moments are Unix milliseconds, digests hex.
"""

from __future__ import annotations

import time
from typing import ClassVar

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def moment() -> int:
    """This moment, Unix milliseconds."""
    return time.time_ns() // 1_000_000


class Base(DeclarativeBase):
    """Declarative base of the service."""

    type_annotation_map: ClassVar = {int: BigInteger}


class Client(Base):
    """Who joined, and when first. Who writes for a client holds this row, so that nobody else does in between."""

    __tablename__ = "service_clients"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    joined: Mapped[int]


class Key(Base):
    """A key that signs, or signed, a client's calls; none is ever removed, and none serves twice.

    `ended` None: it serves now. `why`: `rotated` (the client replaced it) or `revoked` (the provider took it back); `words`:
    the provider's. `invitation`: digest of the one by which this key joined, or by which the first of those joined that it
    followed by rotation.
    """

    __tablename__ = "service_keys"

    public: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    invitation: Mapped[str]
    since: Mapped[int]
    ended: Mapped[int | None]
    why: Mapped[str]
    words: Mapped[str]

    __table_args__ = (
        Index("service_keys_client", "client_id", "since"),
        Index("one_key_serves", "client_id", unique=True, sqlite_where=text("ended IS NULL"), postgresql_where=text("ended IS NULL")),
    )


class Invitation(Base):
    """A token, known by its SHA-256 alone, that lets one client join once."""

    __tablename__ = "service_invitations"

    token_digest: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(index=True)
    made: Mapped[int]
    expires: Mapped[int]
    used: Mapped[int | None]


class Nonce(Base):
    """A signed call that was taken; until it expires, the same one is a replay."""

    __tablename__ = "service_nonces"

    public: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    expires: Mapped[int] = mapped_column(index=True)


class Upload(Base):
    """A file on its way in: `digest` and `size` as declared, `offset` bytes received durably. `whole`: all, and the digest is right."""

    __tablename__ = "service_uploads"

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    kind: Mapped[str]
    digest: Mapped[str]
    size: Mapped[int]
    offset: Mapped[int] = mapped_column("received")
    whole: Mapped[bool]
    #: Its file was taken over by the ledger's evidence and removed here.
    spent: Mapped[bool]
    made: Mapped[int]
    expires: Mapped[int]

    __table_args__ = (
        UniqueConstraint("client_id", "kind", "digest", name="one_upload_a_file"),
        Index("service_uploads_old", "spent", "expires"),
        Index("service_uploads_client", "client_id", "spent"),
    )


class Job(Base):
    """Something to verify. One upload serves one job; `proof_upload` is the second file of an enrolment, or empty."""

    __tablename__ = "service_jobs"

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    #: The key that handed it in, last.
    public: Mapped[str]
    kind: Mapped[str]
    digest: Mapped[str] = mapped_column(index=True)
    upload: Mapped[str]
    proof_upload: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int]
    #: Not before this moment: a job that failed waits.
    due: Mapped[int]
    worker: Mapped[str]
    lease: Mapped[int]
    made: Mapped[int]
    finished: Mapped[int | None]
    outcome: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("upload", "proof_upload", name="one_job_an_upload"),
        Index("service_jobs_client", "client_id", "status"),
        Index("service_jobs_proof", "proof_upload"),
        Index("service_jobs_waiting", "status", "made"),
        Index("service_jobs_day", "client_id", "made"),
        Index("service_jobs_ended", "finished", "id"),
        Index("service_jobs_standing", "status", "kind", "due"),
    )


class Receipt(Base):
    """A signed receipt, as it was sent: canonical JSON. `subject`: digest of the bundle, enrolment or refused proof; `why`: code of a refusal, or empty."""

    __tablename__ = "service_statements"

    digest: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    subject: Mapped[str]
    why: Mapped[str]
    document: Mapped[str]
    #: When it was handed out last: the same refusal again is no new row.
    made: Mapped[int]

    __table_args__ = (UniqueConstraint("subject", "kind", "why", name="one_statement_each"),)


class Evidence(Base):
    """A refused bundle in the provider's folder: `size` in bytes, `judged` when."""

    __tablename__ = "service_evidence"

    digest: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str]
    size: Mapped[int]
    judged: Mapped[int]

    __table_args__ = (
        Index("service_evidence_old", "judged"),
        Index("service_evidence_client", "client_id", "judged", "size"),
    )


class Place(Base):
    """How far something has come, by name: `evidence` is the last event of the ledger whose verdict was looked at."""

    __tablename__ = "service_places"

    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]


class Tally(Base):
    """How often something was done, or how much of it there is; `zkapex_jax.service.watching.tallies` has the names."""

    __tablename__ = "service_tallies"

    name: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
