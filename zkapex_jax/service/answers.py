"""Errors and files as HTTP answers."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from fastapi.responses import FileResponse, JSONResponse

from zkapex_jax.errors import InputError, InternalError, RefusedError, StorageError, ZkapexError
from zkapex_jax.protocol.artefact import Artefact
from zkapex_jax.service.watching import noting

_LOG = logging.getLogger("zkapex.service")
_BY_CODE = {
    "unsigned_call": 401, "bad_call": 401, "bad_call_signature": 401, "stale_call": 401, "replayed_call": 401, "unknown_key": 401,
    "revoked_key": 401, "rotated_key": 401, "bad_possession": 403,
    "wrong_authority": 421, "bad_invitation": 403, "other_key": 403, "other_client": 403, "not_found": 404, "too_slow": 408,
    "wrong_offset": 409, "upload_unfinished": 409, "too_large": 413, "bad_encoding": 415, "bad_content_type": 415, "upload_busy": 423,
    "too_many_calls": 429, "over_limit": 429, "locked": 503, "database": 503, "disk_full": 507, "wrong_digest": 422, "wrong_body": 422,
}  # fmt: skip
#: Storage errors in our own words. Those of the system and the database name folders, hosts and users.
_STORAGE = {
    "disk_full": "the provider's disk is full; nothing was recorded", "locked": "the provider's database is busy",
    "upload_busy": "another call is writing to this upload",
}  # fmt: skip
#: Of the ledger or of kept files: whoever calls is not to blame, and has no use for the details.
_OURS = ("damaged",)
_BY_CLASS: dict[type[ZkapexError], int] = {InputError: 400, RefusedError: 409, StorageError: 503, InternalError: 500}
#: Set on every answer of the API.
API_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def status_of(error: ZkapexError) -> int:
    """By code where it has a place of its own, else by class."""
    if error.code in _OURS:
        return 500
    return _BY_CODE.get(error.code) or next((code for kind, code in _BY_CLASS.items() if isinstance(error, kind)), 500)


def told(error: ZkapexError) -> dict[str, Any]:
    """What a caller is told: no paths of this machine, and nothing of faults that are ours but their code."""
    if isinstance(error, InternalError) or error.code in _OURS:
        return {"code": error.code, "message": "the provider's service failed; its log says why", "exit_code": InternalError.exit_code}
    if isinstance(error, StorageError):
        message = _STORAGE.get(error.code, "the provider's service cannot store or read now")
        return {"code": error.code, "message": message, "hint": "try again later", "exit_code": error.exit_code}
    return {key: value for key, value in error.to_dict().items() if key != "file"}


def failure(error: ZkapexError, *, receipt: str | None = None) -> JSONResponse:
    """The answer to a call that failed; `receipt`: digest of a signed refusal that says so."""
    status = status_of(error)
    noting.refused(error.code)
    if status >= 500:
        _LOG.error("%s: %s", error.code, error, exc_info=error)
    headers = dict(API_HEADERS)
    if status in (429, 503):
        headers["Retry-After"] = "60" if error.code == "too_many_calls" else "2"
    if status == 401:
        headers["WWW-Authenticate"] = 'Signature realm="zkapex"'
    return JSONResponse({"error": told(error)} | ({"receipt": receipt} if receipt else {}), status, headers)


def artefact_file(artefact: Artefact, name: str) -> FileResponse:
    """A kept artefact's file; its ETag is its digest."""
    headers = API_HEADERS | {"ETag": f'"{artefact.digest}"'}
    return FileResponse(artefact.path, media_type="application/octet-stream", filename=name, headers=headers)


def http_date(moment: int) -> str:
    """Unix milliseconds as a date of HTTP headers (RFC 9110, section 5.6.7)."""
    return format_datetime(datetime.fromtimestamp(moment / 1000, UTC).replace(microsecond=0), usegmt=True)


def utc(moment: int) -> str:
    """Unix milliseconds as UTC to the second."""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
