"""Send a file in pieces: what was received stays received, so that a broken connection costs one piece."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from zkapex_jax.client.pacing import Pace
from zkapex_jax.client.service import Service
from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats.reading import file_digest, open_input
from zkapex_jax.prover.progress import OnProgress, Progress

_KILO = 1000


def upload(service: Service, kind: str, path: Path, *, on_progress: OnProgress | None = None) -> str:
    """Send a file, from where the service has it; returns the id of the whole upload.

    Nothing is kept about it here: the service knows the file by its SHA-256, so that the same call goes on where it stopped.

    Raises:
        StorageError: no connection, and the pieces that were received stay so (`no_connection`).
        InputError: the service contradicts itself (`bad_answer`), or the file changed meanwhile (`changed`).
    """
    digest, size = file_digest(path), path.stat().st_size
    made = service.new_upload(kind, digest, size)
    if made.size != size or made.offset > size:
        raise InputError("the service has another file under this digest", code="bad_answer", file=service.url, field="size")
    offset, started, stuck, pace = made.offset, made.offset, 0, Pace(made.piece)
    _tell(on_progress, kind, offset, size, started)
    while offset < size:
        piece = _piece(path, offset, min(pace.size, size - offset))
        reached = _send(service, made.upload, offset, piece, pace)
        if not 0 <= reached <= size:
            raise InputError("the service names an offset outside the file", code="bad_answer", file=service.url, value=reached)
        stuck = stuck + 1 if reached <= offset else 0
        if stuck >= service.patience.attempts:
            raise StorageError("the connection breaks before a piece is through", code="no_connection", file=service.url)
        if stuck:
            service.patience.wait(stuck - 1)
        offset = reached
        _tell(on_progress, kind, offset, size, started)
    if file_digest(path) != digest:
        raise InputError("changed while it was being sent", code="changed", file=path)
    return made.upload


def _send(service: Service, upload_id: str, offset: int, piece: bytes, pace: Pace) -> int:
    """Where the service is after one piece, also if the connection broke on the way there or back."""
    started = time.monotonic()
    try:
        reached = service.send_piece(upload_id, offset, piece)
    except httpx.TransportError:
        reached = None
    except InputError as error:  # a proxy on the way, or limits that changed: smaller ones may pass
        if error.code != "too_large" or not pace.refused(len(piece)):
            raise
        return service.upload_offset(upload_id)
    if reached is not None:
        pace.through(len(piece), time.monotonic() - started)
        return reached
    pace.lost()
    return service.upload_offset(upload_id)


def _piece(path: Path, offset: int, count: int) -> bytes:
    with open_input(path) as file:
        file.seek(offset)
        piece = file.read(count)
    if len(piece) != count:
        raise InputError("changed while it was being sent", code="changed", file=path)
    return piece


def _tell(on_progress: OnProgress | None, kind: str, offset: int, size: int, started: int) -> None:
    """In kilobytes, as bars show whole numbers."""
    if on_progress is not None:
        on_progress(Progress(f"send {kind}, kB", -(-offset // _KILO), -(-size // _KILO), resumed=started // _KILO))
