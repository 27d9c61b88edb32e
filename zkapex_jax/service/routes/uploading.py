"""Uploads that go on where they stopped: tus 1.0, made by a signed JSON document, each piece held to its signed digest."""

from __future__ import annotations

import hashlib
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import storage_errors
from zkapex_jax.service import uploads
from zkapex_jax.service.answers import http_date, utc
from zkapex_jax.service.context import Calling, ClientName, Here, Service, Signed
from zkapex_jax.service.messages import NewUpload, Upload
from zkapex_jax.service.tables import Upload as Row

router = APIRouter(tags=["uploads"])
UploadName = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
TUS = {"Tus-Resumable": "1.0.0"}
PIECE_TYPE = "application/offset+octet-stream"


@router.post("/uploads", status_code=201, response_model=Upload)
def create(wanted: NewUpload, who: Calling, service: Here, response: Response) -> Upload:
    """Declare a file. The same one again is the same upload, wherever it stands."""
    row, new = uploads.create(service.store, service.settings, who, wanted)
    response.status_code = 201 if new else 200
    response.headers.update(_headers(row) | {"Location": f"/v1/uploads/{row.id}"})
    return _told(service, row)


@router.get("/uploads/{upload}", response_model=Upload)
def look(upload: UploadName, client_id: ClientName, service: Here, response: Response) -> Upload:
    """Where an upload stands."""
    row = uploads.need(service.store, client_id, upload)
    response.headers.update(_headers(row))
    return _told(service, row)


@router.head("/uploads/{upload}")
def head(upload: UploadName, client_id: ClientName, service: Here) -> Response:
    """Where an upload stands, in tus's headers alone."""
    return Response(headers=_headers(uploads.need(service.store, client_id, upload)))


@router.patch(
    "/uploads/{upload}", status_code=204,
    openapi_extra={"requestBody": {"required": True, "content": {PIECE_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)  # fmt: skip
async def add(upload: UploadName, who: Calling, service: Here, caller: Signed, request: Request) -> Response:
    """Add a piece at the header Upload-Offset: kept when it is whole and its digest is right, or not at all."""
    if request.headers.get("content-type") != PIECE_TYPE:
        raise InputError(f"must be {PIECE_TYPE}", code="bad_content_type", field="Content-Type")
    offset, length = _number(request, "upload-offset"), _number(request, "content-length")
    if length > service.settings.limits.piece:
        raise InputError(f"a piece may hold {service.settings.limits.piece} bytes at most", code="too_large", field="Content-Length", value=length)
    row, file = await run_in_threadpool(
        uploads.open_piece, service.store, service.settings, who.client_id, upload, offset, length
    )  # fmt: skip
    try:
        await _write(request, file, length, caller.body_digest)
        row = await run_in_threadpool(uploads.settle, service.store, service.settings, who, row, file, length)
    finally:
        file.close()
    return Response(status_code=204, headers=_headers(row))


async def _write(request: Request, file: BinaryIO, length: int, digest: str | None) -> None:
    """Bytes to the disk as they come. Raises InputError where they are not those that were signed."""
    hasher, total = hashlib.sha256(), 0
    try:
        async for block in request.stream():
            total += len(block)
            hasher.update(block)
            if block:
                await run_in_threadpool(_write_all, file, block)
    except ClientDisconnect:
        raise InputError("the caller hung up in the middle of a piece", code="too_slow", field="body") from None
    if total != length or hasher.hexdigest() != digest:
        raise InputError("piece is not the one that was signed", code="wrong_body", field="Content-Digest")


def _write_all(file: BinaryIO, block: bytes) -> None:
    view = memoryview(block)
    with storage_errors(file.name):
        while view:
            view = view[file.write(view) :]


def _number(request: Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise InputError("must be a number of bytes", code="bad_field", field=name.title(), value=text)
    return int(text)


def _headers(row: Row) -> dict[str, str]:
    return TUS | {"Upload-Offset": str(row.offset), "Upload-Length": str(row.size), "Upload-Expires": http_date(row.expires), "Cache-Control": "no-store"}


def _told(service: Service, row: Row) -> Upload:
    return Upload(
        upload=row.id, kind=row.kind, digest=row.digest, size=row.size, offset=row.offset, whole=row.whole, expires=utc(row.expires),
        piece=service.settings.limits.piece,
    )  # fmt: skip
