"""What the ledger answers: frozen values, detached from the database."""

from __future__ import annotations

from dataclasses import dataclass

from zkapex_jax.ledger.schema import BaseRow, EnrolmentRow, RequestRow, StateRow, VerdictRow


@dataclass(frozen=True)
class BaseRecord:
    """A published base model; `weights_digest` names its weights alone."""

    digest: str
    weights_digest: str
    signer: str
    received: str
    sequence: int

    @classmethod
    def of(cls, row: BaseRow) -> BaseRecord:
        return cls(row.digest, row.weights_digest, row.signer, row.received, row.sequence)


@dataclass(frozen=True)
class EnrolmentRecord:
    """An admitted enrolment; `sequence` is its place in the ledger's chain."""

    client_id: str
    digest: str
    received: str
    replaced: bool
    proof_digest: str
    base_digest: str
    sequence: int

    @classmethod
    def of(cls, row: EnrolmentRow) -> EnrolmentRecord:
        return cls(row.client_id, row.digest, row.received, row.replaced, row.proof_digest, row.base_digest, row.sequence)


@dataclass(frozen=True)
class RequestRecord:
    """A published request; `closed` is the time of its closing, if any."""

    request_id: str
    digest: str
    signer: str
    received: str
    closed: str | None
    sequence: int

    @classmethod
    def of(cls, row: RequestRow) -> RequestRecord:
        return cls(row.request_id, row.digest, row.signer, row.received, row.closed, row.sequence)


@dataclass(frozen=True)
class StateRecord:
    """A client's state; its file is the artefact of that digest."""

    position: int
    digest: str
    head: str
    cumulative: bytes
    sequence: int

    @classmethod
    def of(cls, row: StateRow) -> StateRecord:
        return cls(row.position, row.state_digest, row.head, row.cumulative, row.sequence)


@dataclass(frozen=True)
class VerdictRecord:
    """The outcome of one verification."""

    bundle_digest: str
    accepted: bool
    reason: str | None
    verifier_seconds: float
    received: str
    sequence: int

    @classmethod
    def of(cls, row: VerdictRow) -> VerdictRecord:
        return cls(row.bundle_digest, row.accepted, row.reason, row.verifier_seconds, row.received, row.sequence)
