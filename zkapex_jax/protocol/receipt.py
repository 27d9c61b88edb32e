"""Receipts: the provider's signed word on one bundle, which anyone who has its key can check without a ledger."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol.artefact import Header
from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.fields import ClientId, Hex32, Reason, RequestId, Sequence
from zkapex_jax.protocol.request import Request
from zkapex_jax.protocol.state import State
from zkapex_jax.protocol.statement import Statement


class Verdict(Header):
    """`reason`: of a refusal, the verifier's sentence; empty where accepted. `insecure`: marked so, fit for tests only."""

    accepted: bool = Field(strict=True)
    reason: Reason
    insecure: bool = Field(strict=True)

    @model_validator(mode="after")
    def _refusals_have_reasons(self) -> Self:
        if self.accepted == bool(self.reason):
            raise ValueError("a refusal has a reason, an acceptance has none")
        return self


class LedgerPlace(Header):
    """Where the verdict stands in the provider's ledger: its sequence number, and the chain's head there."""

    sequence: Sequence
    head: Hex32


class Receipt(Statement):
    """`time`: when the verdict was recorded. A refused bundle leaves the client's state as it was."""

    kind: ClassVar[str] = "receipt"

    client_id: ClientId
    request_id: RequestId
    request_digest: Hex32
    enrolment_digest: Hex32
    bundle_digest: Hex32
    state_before: Hex32
    state_after: Hex32
    verdict: Verdict
    ledger: LedgerPlace

    @property
    def subject(self) -> str:
        """Digest of the file that this is of."""
        return self.bundle_digest

    @model_validator(mode="after")
    def _states_follow(self) -> Self:
        if self.verdict.accepted == (self.state_before == self.state_after):
            raise ValueError("an accepted bundle, and no other, leads to another state")
        return self


def check_receipt(
    receipt: Receipt,
    provider_key: str,
    *,
    request: Request | None = None,
    bundle: Bundle | None = None,
    state: State | None = None,
    file: str | os.PathLike[str] | None = None,
) -> None:
    """Raise RefusedError unless the provider signed this, and it speaks of what is given. `state`: the one after the verdict.

    Says nothing of the proof itself: that the bundle holds, `zkapex audit` finds out.
    """
    receipt.check_signature(provider_key, file)
    if request is not None:
        check_field(receipt, "request_digest", request.digest, "is for another request", file)
        check_field(receipt, "request_id", request.request_id, "is for another request", file)
    if bundle is not None:
        check_field(receipt, "bundle_digest", bundle.digest, "is for another bundle", file)
        check_field(receipt, "client_id", bundle.client_id, "is for another client", file)
        check_field(receipt, "request_digest", bundle.request_digest, "is for another request", file)
        check_field(receipt, "enrolment_digest", bundle.enrolment_digest, "is for another enrolment", file)
        check_field(receipt, "state_before", bundle.state_digest, "starts from another state", file)
        check_flag(receipt.verdict.insecure, bundle.insecure, "verdict.insecure", file)
    if state is not None:
        check_field(receipt, "state_after", state.digest, "leads to another state", file)
        check_field(receipt, "client_id", state.client_id, "is for another client", file)


def check_field(receipt: Statement, field: str, wanted: Any, message: str, file: str | os.PathLike[str] | None) -> None:
    """Raise RefusedError (`mismatch_` and the field) where a statement says otherwise of a file."""
    found = getattr(receipt, field)
    if found != wanted:
        raise RefusedError(message, code=f"mismatch_{field}", file=file, field=field, value=found)


def check_flag(said: bool, wanted: bool, field: str, file: str | os.PathLike[str] | None) -> None:
    """Raise RefusedError where a statement hides, or makes up, that what it is of is insecure."""
    if said != wanted:
        raise RefusedError("does not say truly whether the proof is insecure", code="mismatch_insecure", file=file, field=field)
