"""What the provider hands out: its base model, its requests, the caller's state."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from sqlalchemy import select

from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.ledger import RequestRecord
from zkapex_jax.ledger.queries import ACCEPTED
from zkapex_jax.ledger.schema import EnrolmentRow, RequestRow, VerdictRow
from zkapex_jax.protocol import Base, Request, State
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.service.answers import artefact_file
from zkapex_jax.service.context import ClientName, Here, Service
from zkapex_jax.service.messages import RequestFacts

router = APIRouter(tags=["provider's files"])
RequestName = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$")]
Typed = TypeVar("Typed", bound=Artefact)
Status = Literal["open", "answered", "closed", "before_enrolment", "not_enrolled"]


@router.get("/base", response_class=FileResponse)
def base(_: ClientName, service: Here) -> FileResponse:
    """The newest base model that was published."""
    found = service.ledger.bases()
    if not found:
        raise InputError("no base model is published yet", code="not_found", field="base")
    return artefact_file(_kept(service, Base, found[-1].digest), "base.safetensors")


@router.get("/requests")
def requests(client_id: ClientName, service: Here) -> list[RequestFacts]:
    """Every published request, oldest first, and where the caller stands."""
    return [_facts(service, record, status) for record, status in _standing(service, client_id)]


@router.get("/requests/{name}")
def request(name: RequestName, client_id: ClientName, service: Here) -> RequestFacts:
    """One request."""
    return next(_facts(service, record, status) for record, status in _standing(service, client_id, name))


@router.get("/requests/{name}/file", response_class=FileResponse)
def request_file(name: RequestName, client_id: ClientName, service: Here) -> FileResponse:
    """The signed request itself."""
    record, _ = next(iter(_standing(service, client_id, name)))
    return artefact_file(_kept(service, Request, record.digest), f"{name}.safetensors")


@router.get("/state", response_class=FileResponse)
def state(client_id: ClientName, service: Here) -> FileResponse:
    """The caller's current state; its digest is in `GET /v1/me` too."""
    found = service.ledger.state(client_id)
    return artefact_file(_kept(service, State, found.digest), f"{client_id}.state.safetensors")


def _kept(service: Service, kind: type[Typed], digest: str) -> Typed:
    """Where the ledger names a file that is not there, or is another, the caller is not to blame."""
    try:
        return service.provider.load(kind, digest, verify=False)
    except InputError as error:
        raise InternalError(f"a kept file is gone or damaged: {error}", code="damaged") from error


def _standing(service: Service, client_id: str, name: str | None = None) -> list[tuple[RequestRecord, Status]]:
    """Requests (all, or the one of a name) and how the caller stands to each. Raises InputError if there is none of the name."""
    with service.ledger.reading() as session:
        query = select(RequestRow).order_by(RequestRow.sequence)
        rows = list(session.scalars(query if name is None else query.where(RequestRow.request_id == name)))
        mine = list(session.scalars(select(EnrolmentRow).where(EnrolmentRow.client_id == client_id)))
        accepted = select(VerdictRow.request_id).where(ACCEPTED, VerdictRow.enrolment_id.in_([row.id for row in mine]))
        answered = set(session.scalars(accepted))
        since = next((row.sequence for row in mine if not row.replaced), None)
        found = [(RequestRecord.of(row), _status(row, since, row.id in answered)) for row in rows]
    if name is not None and not found:
        raise InputError("there is no such request", code="not_found", field="request", value=name)
    return found


def _status(row: RequestRow, since: int | None, answered: bool) -> Status:
    if answered:
        return "answered"
    if row.closed is not None:
        return "closed"
    if since is None:
        return "not_enrolled"
    return "open" if row.sequence > since else "before_enrolment"


def _facts(service: Service, record: RequestRecord, status: Status) -> RequestFacts:
    path = service.provider.artefact(record.digest)
    return RequestFacts(
        request_id=record.request_id, digest=record.digest, published=record.received, closed=record.closed,
        size=path.stat().st_size if path.is_file() else 0, status=status,
    )  # fmt: skip
