"""What a provider's service answers, parsed once. Fields that this version does not know are passed over."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from zkapex_jax.catalogue import find_entry
from zkapex_jax.errors import BY_EXIT_CODE, InputError, InternalError, ZkapexError, shorten
from zkapex_jax.formats.nesting import check_nesting
from zkapex_jax.protocol.fields import ClientId, Hex32, RequestId

#: Longest JSON document that is read of a service, in bytes.
MAX_DOCUMENT = 4 << 20
_MAX_WORDS = 400
Parsed = TypeVar("Parsed")
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Size = Annotated[int, Field(ge=0, lt=1 << 53)]


class Answer(BaseModel):
    """Frozen."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Me(Answer):
    """Who the service takes this client for, and where it stands."""

    client_id: ClientId
    public: Hex32
    provider_keys: Annotated[list[Hex32], Field(min_length=1, max_length=64)]
    enrolment: Hex32 | None
    position: int | None
    state: Hex32 | None
    open_requests: list[RequestId]


class Rotated(Answer):
    """The key that the service takes from now on."""

    client_id: ClientId
    public: Hex32


class RequestFacts(Answer):
    """One request of the provider's."""

    request_id: RequestId
    digest: Hex32
    size: Size
    status: str


class Upload(Answer):
    """A file on its way: `piece` is the most bytes of one call."""

    upload: Id
    size: Size
    offset: Size
    whole: bool
    piece: Annotated[int, Field(ge=1, le=1 << 30)]


class Outcome(Answer):
    """What became of a job."""

    accepted: bool
    reason: str | None = None
    error: dict[str, Any] | None = None
    receipt: Hex32 | None = None
    state: Hex32 | None = None


class Job(Answer):
    """A verification that waits, runs or is done."""

    job: Id
    digest: Hex32
    status: Literal["queued", "running", "done", "failed"]
    outcome: Outcome | None

    @property
    def is_over(self) -> bool:
        return self.status in ("done", "failed")


class ReceiptFacts(Answer):
    """A receipt, and the digest of what it is of; of a refusal, why."""

    receipt: Hex32
    kind: str
    subject: Hex32
    why: str | None = None


def parse_answer(kind: type[Parsed] | Any, body: bytes, *, url: str) -> Any:
    """A typed value of a JSON answer. Raises InputError (`bad_answer`)."""
    try:
        check_nesting(body)
        return TypeAdapter(kind).validate_python(json.loads(body))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise InputError(f"the service's answer is not understood: {first['msg']}", code="bad_answer", file=url, field=field) from None
    except (InputError, ValueError, RecursionError) as error:
        raise InputError("the service's answer is not understood", code="bad_answer", file=url) from error


def failure_of(status: int, body: bytes, *, url: str, location: str | None = None) -> ZkapexError:
    """The error that an answer of status 300 or above speaks of; `location`: where it sends the caller instead."""
    try:
        check_nesting(body)
        found = json.loads(body)["error"]
    except (InputError, ValueError, RecursionError, KeyError, TypeError):
        found = None
    if not isinstance(found, dict):
        return _without_words(status, url, location)
    return error_of(found, url=url)


def error_of(fields: dict[str, Any], *, url: str) -> ZkapexError:
    """An error as a service tells it. Its code is passed on if this program knows it; its words are cut to one line."""
    words = {name: shorten(fields[name], _MAX_WORDS) for name in ("message", "field", "value", "hint") if isinstance(fields.get(name), str)}
    exit_code, code = fields.get("exit_code"), fields.get("code")
    known = isinstance(code, str) and find_entry(code) is not None
    kind = BY_EXIT_CODE.get(exit_code, InternalError) if isinstance(exit_code, int) else InternalError
    message = words.pop("message", "the service gave no reason")
    return kind(message, code=str(code) if known else "service_failed", file=url, **words)


def _without_words(status: int, url: str, location: str | None) -> ZkapexError:
    """Of an answer that is not the service's own: most often a proxy's on the way."""
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return InternalError(f"the service failed with status {status}", code="service_failed", file=url)
    if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        return InputError("something on the way takes no body of this size", code="too_large", file=url, hint="the provider's proxy must let 16 kB through")
    if location is not None and status < httpx.codes.BAD_REQUEST:
        hint = f"the service seems to be at {shorten(location)}: ask the provider for its URL"
        return InputError(f"is not the service: status {status} sends elsewhere", code="bad_answer", file=url, hint=hint)
    return InputError(f"the service answers with status {status} and no reason", code="bad_answer", file=url)
