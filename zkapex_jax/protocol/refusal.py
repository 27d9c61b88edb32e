"""Refusals: the provider's signed word that it took a bundle or an enrolment for no answer, and why. Nothing of it is in the ledger.

A bundle whose proof failed has a verdict there, and a receipt (`zkapex_jax.protocol.receipt`). Here is what left no verdict: a rule
refused the file unseen (replay, stale state, ...), or an enrolment's proof failed. The ledger's head at that moment dates it: who
has the ledger can tell whether the rule held then.
"""

from __future__ import annotations

import os
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from zkapex_jax.protocol.bundle import Bundle
from zkapex_jax.protocol.enrolment import Enrolment
from zkapex_jax.protocol.enrolment_proof import EnrolmentProof
from zkapex_jax.protocol.fields import ClientId, Hex32, OptionalHex32, Reason
from zkapex_jax.protocol.receipt import LedgerPlace, check_field, check_flag
from zkapex_jax.protocol.request import Request
from zkapex_jax.protocol.statement import Statement

Code = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9_]{1,64}\z")]


class Refusal(Statement):
    """`digest`: of the bundle, or of the enrolment's proof. `request_digest` is empty for an enrolment; `state_digest`, where
    the file says that it starts from, for a first one. `code` is stable, `reason` a sentence. `ledger`: the newest event at `time`.
    """

    kind: ClassVar[str] = "refusal"

    of: Literal["bundle", "enrolment"]
    client_id: ClientId
    digest: Hex32
    enrolment_digest: Hex32
    request_digest: OptionalHex32
    state_digest: OptionalHex32
    code: Code
    reason: Reason = Field(min_length=1)
    insecure: bool = Field(strict=True)
    ledger: LedgerPlace

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.of == "bundle") != bool(self.request_digest) or (self.of == "bundle" and not self.state_digest):
            raise ValueError("a bundle answers a request from a state, an enrolment answers none")
        return self

    @property
    def subject(self) -> str:
        """Digest of the file that this is of."""
        return self.digest


def refused_fields(given: Bundle | EnrolmentProof) -> dict[str, object]:
    """What a refusal says of the file that it is of."""
    shared = {"client_id": given.client_id, "digest": given.digest, "enrolment_digest": given.enrolment_digest,
              "state_digest": given.state_digest, "insecure": given.insecure}  # fmt: skip
    if isinstance(given, Bundle):
        return shared | {"of": "bundle", "request_digest": given.request_digest}
    return shared | {"of": "enrolment", "request_digest": ""}


def check_refusal(
    refusal: Refusal,
    provider_key: str,
    *,
    request: Request | None = None,
    bundle: Bundle | None = None,
    enrolment: Enrolment | None = None,
    proof: EnrolmentProof | None = None,
    file: str | os.PathLike[str] | None = None,
) -> None:
    """Raise RefusedError unless the provider signed this, and it speaks of what is given."""
    refusal.check_signature(provider_key, file)
    if request is not None:
        check_field(refusal, "request_digest", request.digest, "is for another request", file)
    if enrolment is not None:
        check_field(refusal, "enrolment_digest", enrolment.digest, "is for another enrolment", file)
        check_field(refusal, "client_id", enrolment.client_id, "is for another client", file)
    for given in (bundle, proof):
        if given is not None:
            words = given.kind.replace("-", " ")
            for name, wanted in refused_fields(given).items():
                if name != "insecure":
                    check_field(refusal, name, wanted, f"is for another {words}", file)
            check_flag(refusal.insecure, given.insecure, "insecure", file)
