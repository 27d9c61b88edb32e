"""Receipts, the ledger's signed head, and whether the service is well."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from zkapex_jax import __version__
from zkapex_jax.service import queue, receipts
from zkapex_jax.service.answers import API_HEADERS, utc
from zkapex_jax.service.context import ClientName, Here
from zkapex_jax.service.messages import Health, ReceiptFacts
from zkapex_jax.service.watching import standing
from zkapex_jax.service.watching.health import complaints
from zkapex_jax.workflow.receipts import publish_head

router = APIRouter(tags=["evidence"])
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]


@router.get("/receipts")
def all_receipts(client_id: ClientName, service: Here) -> list[ReceiptFacts]:
    """The caller's receipts, newest first."""
    rows = receipts.of_client(service.store, client_id)
    return [ReceiptFacts(receipt=row.digest, kind=row.kind, subject=row.subject, why=row.why or None, made=utc(row.made)) for row in rows]


@router.get("/receipts/{digest}", response_class=Response)
def receipt(digest: Digest, client_id: ClientName, service: Here) -> Response:
    """A receipt of the caller: canonical JSON, signed by the provider."""
    row = receipts.need(service.store, client_id, digest)
    return Response(row.document.encode("utf-8"), media_type="application/json", headers=API_HEADERS)


@router.get("/ledger/head", response_class=Response)
def head(service: Here) -> Response:
    """The ledger's head at this moment, signed: who keeps one can tell later whether history was rewritten. For anybody."""
    return Response(publish_head(service.provider, service.key).to_bytes(), media_type="application/json", headers=API_HEADERS)


@router.get("/health")
def health(service: Here, response: Response, strict: bool = False) -> Health:
    """For anybody: the database answers, how many jobs there are, and whether all is well. Degraded, it answers 503 if `strict`."""
    jobs = standing.jobs(service.store)
    well = not complaints(service, jobs)
    response.status_code = 503 if strict and not well else 200
    response.headers.update(API_HEADERS)
    return Health(status="ok" if well else "degraded", version=__version__, queued=jobs.of(queue.QUEUED), running=jobs.of(queue.RUNNING))
