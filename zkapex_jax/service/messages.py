"""What calls carry and answers say, as OpenAPI shows them. Times are UTC to the second, digests 64 hex digits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from zkapex_jax.protocol.fields import ClientId, Hex32, RequestId
from zkapex_jax.service.settings import Kind

Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$", description="An invitation, as `zkapex invite` printed it.")]
UploadId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Message(BaseModel):
    """Frozen; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Join(Message):
    """POST /v1/clients, signed with the new key itself: one that never joined before."""

    client_id: ClientId
    invitation: Token
    public: Hex32 = Field(description="The client's Ed25519 key; every later call is signed with its private half.")


class Rotate(Message):
    """POST /v1/key, signed with the key that serves now."""

    client_id: ClientId
    public: Hex32 = Field(description="The client's new Ed25519 key.")
    proof: Annotated[
        str, Field(pattern=r"^[0-9a-f]{128}$", description="The new key's signature that it takes the place of the one that signs the call.")
    ]


class Rotated(Message):
    """Answer to POST /v1/key: the key that serves from now on, and since when."""

    client_id: ClientId
    public: Hex32
    since: str


class Me(Message):
    """GET /v1/me, and the answer to joining."""

    client_id: ClientId
    public: Hex32
    joined: str
    provider_keys: list[Hex32] = Field(description="Keys that sign requests, base models and receipts, oldest first.")
    enrolment: Hex32 | None = Field(description="Digest of the active enrolment.")
    position: int | None = Field(description="Requests accepted so far; None before an enrolment.")
    state: Hex32 | None
    open_requests: list[RequestId]


class RequestFacts(Message):
    """GET /v1/requests (a list, oldest first) and GET /v1/requests/{id}."""

    request_id: RequestId
    digest: Hex32
    published: str
    closed: str | None
    size: int = Field(description="Bytes of the file.")
    status: Literal["open", "answered", "closed", "before_enrolment", "not_enrolled"]


class NewUpload(Message):
    """POST /v1/uploads (tus 1.0 creation). The same file again is the same upload."""

    kind: Kind
    digest: Hex32 = Field(description="SHA-256 of the file's bytes.")
    size: Annotated[int, Field(ge=1, strict=True)]


class Upload(Message):
    """Answer to POST /v1/uploads; HEAD and PATCH answer with the headers Upload-Offset, Upload-Length and Upload-Expires."""

    upload: UploadId
    kind: Kind
    digest: Hex32
    size: int
    offset: int
    whole: bool = Field(description="Received to the end, and its digest is right.")
    expires: str
    piece: int = Field(description="Most bytes of one PATCH.")


class NewEnrolment(Message):
    """POST /v1/enrolments: two whole uploads of the caller."""

    enrolment: UploadId
    proof: UploadId


class NewBundle(Message):
    """POST /v1/bundles: one whole upload of the caller."""

    bundle: UploadId


class Outcome(Message):
    """What became of a job. `error` is set where no verdict reached the ledger; the receipt is a signed refusal then."""

    accepted: bool
    reason: str | None = None
    error: dict[str, Any] | None = Field(None, description="`code`, `message`, and where known `field`, `value`, `hint`.")
    receipt: Hex32 | None = None
    state: Hex32 | None = Field(None, description="Digest of the client's next state; GET /v1/state has the file.")


class Job(Message):
    """Answer 202 to POST /v1/enrolments and /v1/bundles, and GET /v1/jobs/{id}."""

    job: UploadId
    kind: Literal["enrolment", "bundle"]
    digest: Hex32 = Field(description="Digest of the enrolment or bundle.")
    status: Literal["queued", "running", "done", "failed"]
    attempts: int
    made: str
    finished: str | None
    outcome: Outcome | None = Field(description="Set when done; when failed it holds the error, and sending again tries again.")


class ReceiptFacts(Message):
    """GET /v1/receipts, newest first; GET /v1/receipts/{digest} is the file, canonical JSON."""

    receipt: Hex32
    kind: Literal["receipt", "enrolment-receipt", "refusal"]
    subject: Hex32 = Field(description="Digest of the bundle or enrolment that it is of; of a refused enrolment, that of its proof.")
    why: str | None = Field(description="Code of a refusal.")
    made: str


class Health(Message):
    """GET /v1/health. Why it is degraded is told to the provider alone, by its log and its numbers."""

    status: Literal["ok", "degraded"] = Field(description="degraded: calls are answered, but what they bring is not judged, or soon not taken.")
    version: str
    queued: int
    running: int


class Failure(Message):
    """Every answer of status 400 and above. `error` as `--json` prints it: code, message, field, value, hint, exit_code."""

    error: dict[str, Any]
    receipt: Hex32 | None = Field(None, description="The signed refusal, where a rule refuses a bundle or an enrolment.")
