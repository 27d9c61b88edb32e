"""Receipts of enrolments: the provider's signed word that it admitted one, which anyone who has its key can check without a ledger."""

from __future__ import annotations

import os
from typing import ClassVar, Self

from pydantic import Field, model_validator

from zkapex_jax.protocol.enrolment import Enrolment
from zkapex_jax.protocol.enrolment_proof import EnrolmentProof
from zkapex_jax.protocol.fields import ClientId, Hex32, OptionalHex32
from zkapex_jax.protocol.receipt import LedgerPlace, check_field, check_flag
from zkapex_jax.protocol.state import State
from zkapex_jax.protocol.statement import Statement


class EnrolmentReceipt(Statement):
    """`time`: when the enrolment was recorded. `state_before` is empty for a client's first enrolment."""

    kind: ClassVar[str] = "enrolment-receipt"

    client_id: ClientId
    enrolment_digest: Hex32
    proof_digest: Hex32
    base_digest: Hex32
    state_before: OptionalHex32
    state_after: Hex32
    insecure: bool = Field(strict=True)
    ledger: LedgerPlace

    @model_validator(mode="after")
    def _states_follow(self) -> Self:
        if self.state_before == self.state_after:
            raise ValueError("an enrolment leads to another state")
        return self

    @property
    def subject(self) -> str:
        """Digest of the file that this is of."""
        return self.enrolment_digest


def check_enrolment_receipt(
    receipt: EnrolmentReceipt,
    provider_key: str,
    *,
    enrolment: Enrolment | None = None,
    proof: EnrolmentProof | None = None,
    state: State | None = None,
    file: str | os.PathLike[str] | None = None,
) -> None:
    """Raise RefusedError unless the provider signed this, and it speaks of what is given. `state`: the one after it."""
    receipt.check_signature(provider_key, file)
    if enrolment is not None:
        check_field(receipt, "enrolment_digest", enrolment.digest, "is for another enrolment", file)
        check_field(receipt, "client_id", enrolment.client_id, "is for another client", file)
    if proof is not None:
        check_field(receipt, "proof_digest", proof.digest, "is for another proof", file)
        check_field(receipt, "enrolment_digest", proof.enrolment_digest, "is for another enrolment", file)
        check_field(receipt, "base_digest", proof.base_digest, "is for another base", file)
        check_field(receipt, "state_before", proof.state_digest, "starts from another state", file)
        check_flag(receipt.insecure, proof.insecure, "insecure", file)
    if state is not None:
        check_field(receipt, "state_after", state.digest, "leads to another state", file)
        check_field(receipt, "client_id", state.client_id, "is for another client", file)
