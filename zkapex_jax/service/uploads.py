"""Uploads, the core of tus 1.0: made once a file, filled piece by piece, whole when the declared digest is right.

The row says how many bytes are safe on the disk: it moves only after a piece was synced. What a crash left beyond it is
cut off by the next piece.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats.atomic import make_directory, storage_errors, sync_directory
from zkapex_jax.formats.reading import open_input
from zkapex_jax.service.keys import Who, need_serving
from zkapex_jax.service.messages import NewUpload
from zkapex_jax.service.settings import Kind, Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Job, Upload, moment
from zkapex_jax.service.words import not_found, over_limit, too_large

#: Rows of one transaction, and transactions of one run; files that are asked for at once.
_ROWS, _SWEEPS, _FILES = 200, 20, 500


def file_of(settings: Settings, upload: str) -> Path:
    """Where the bytes of an upload are."""
    return settings.uploads / f"{upload}.safetensors"


def create(store: Store, settings: Settings, who: Who, wanted: NewUpload) -> tuple[Upload, bool]:
    """An upload for a file, and whether it is new: the same file of the same client again is the same upload.

    Raises InputError for a size over the kind's limit, RefusedError over the client's quota or where its key has ended
    since it called, StorageError where the disk is nearly full.
    """
    client_id = who.client_id
    most = settings.limits.size_of(wanted.kind)
    if wanted.size > most:
        raise too_large("size", most, wanted.size)
    try:
        with store.write() as session:
            need_serving(session, who)
            known = _same(session, client_id, wanted, lock=True)  # or it might expire just now
            if known is not None:
                return _again(known, wanted, settings), False
            _check_quota(session, settings, client_id, wanted.size)
            made = _new(client_id, wanted, settings)
            session.add(made)
            return made, True
    except IntegrityError:  # the same call beside this one was faster
        with store.read() as session:
            known = _same(session, client_id, wanted)
        if known is None:
            raise
        return known, False


def need(store: Store, client_id: str, upload: str, kind: Kind | None = None) -> Upload:
    """An upload of this client. Raises InputError if there is none, of this kind if one is asked for."""
    with store.read() as session:
        found = session.get(Upload, upload)
    if found is None or found.client_id != client_id:
        raise not_found("upload", upload)
    if kind is not None and found.kind != kind:
        raise InputError(f"is no upload of kind {kind}", code="wrong_kind", field="upload", value=found.kind)
    return found


def need_whole(store: Store, client_id: str, upload: str, kind: Kind) -> Upload:
    """As `need`, received to its end."""
    found = need(store, client_id, upload, kind)
    if not found.whole:
        raise InputError("upload is not whole yet", code="upload_unfinished", field="upload", value=f"{found.offset} of {found.size}")
    return found


def check_header(settings: Settings, upload: str) -> None:
    """Raises InputError for a file whose header is longer than the service parses: that takes time and ten times its size in memory."""
    with open_input(file_of(settings, upload)) as file:
        length = int.from_bytes(file.read(8), "little")
    if length > settings.limits.header:
        raise too_large("header", settings.limits.header, length)


def open_piece(store: Store, settings: Settings, client_id: str, upload: str, offset: int, length: int) -> tuple[Upload, BinaryIO]:
    """The upload, and its file held alone and cut to `offset`, where the piece is to be written; the caller closes it.

    Raises InputError where the piece does not begin where the last one ended, or goes beyond the end; StorageError while
    another call writes to it.
    """
    need(store, client_id, upload)
    check_disk(settings, length)  # other clients may have filled it since this upload was declared
    path = file_of(settings, upload)
    make_directory(settings.uploads, mode=0o700)
    with storage_errors(path):
        file = open(path, "r+b", buffering=0, opener=lambda name, _: os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    try:
        _hold(file, upload)
        found = need(store, client_id, upload)  # what another call did before the file was held counts
        _check_place(found, offset, length)
        with storage_errors(path):
            file.truncate(offset)
            file.seek(offset)
    except BaseException:
        file.close()
        raise
    return found, file


def check_disk(settings: Settings, size: int) -> None:
    """Raises StorageError unless so many bytes leave enough of the disk: ledger and database write to it too, and must not fail."""
    if shutil.disk_usage(settings.provider).free < size + settings.limits.spare_disk:
        raise StorageError("the provider's disk is nearly full", code="disk_full", hint="try again later")


def settle(store: Store, settings: Settings, who: Who, found: Upload, file: BinaryIO, length: int) -> Upload:
    """Make a written piece durable and count it. Raises as `_advance` does. To be called while the file is held."""
    with storage_errors(file_of(settings, found.id)):
        os.fsync(file.fileno())
    return _advance(store, settings, who, found, found.offset + length, file)


def _advance(store: Store, settings: Settings, who: Who, found: Upload, offset: int, file: BinaryIO) -> Upload:
    """Record that the bytes up to `offset` are safe; at the end, hold the file against its declared digest.

    Raises InputError if that is wrong: the upload begins anew then; RefusedError where the client's key has ended since it called.
    """
    values: dict[str, object] = {"offset": offset, "expires": _expiry(settings)}
    wrong = None
    if offset == found.size:
        sync_directory(settings.uploads)
        with storage_errors(file_of(settings, found.id)):  # of the file that is held: its name may be gone, with the key's revocation
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        values["whole"] = digest == found.digest
        if digest != found.digest:
            wrong = InputError(
                "file is not the one that was declared; the upload begins anew", code="wrong_digest", field="digest", value=digest
            )
            values["offset"] = 0
    with store.write() as session:
        need_serving(session, who)
        moved = session.execute(update(Upload).where(Upload.id == found.id, Upload.offset == found.offset).values(**values))
        if moved.rowcount != 1:
            raise StorageError("another call is writing to this upload", code="upload_busy", hint="ask for its offset")
    if wrong is not None:
        raise wrong
    return need(store, found.client_id, found.id)


def sweep(store: Store, settings: Settings) -> int:
    """Remove uploads that expired unused, and files that nobody needs any more; returns how many rows went. Some hundred a transaction."""
    gone = 0
    for _ in range(_SWEEPS):
        with store.write() as session:
            old = select(Upload).where(Upload.spent.is_(False), Upload.expires < moment(), ~_in_use()).limit(_ROWS).with_for_update(skip_locked=True)
            late = session.scalars(old).all()
            for row in late:
                session.delete(row)
        discard(settings, *(row.id for row in late))
        gone += len(late)
        if len(late) < _ROWS:
            break
    _remove_strays(store, settings)
    return gone


def drop_unused(session: Session, client_id: str) -> list[str]:
    """Forget the uploads of a client, which is held, that no job needs; returns their names, for their files to be removed after."""
    rows = session.scalars(select(Upload).where(Upload.client_id == client_id, Upload.spent.is_(False), ~_in_use())).all()
    for row in rows:
        session.delete(row)
    return [row.id for row in rows]


def discard(settings: Settings, *uploads: str) -> None:
    """Remove the files of judged uploads."""
    for name in uploads:
        if name:
            file_of(settings, name).unlink(missing_ok=True)


def _remove_strays(store: Store, settings: Settings) -> None:
    """Files without a row that needs them: a crash came between the two."""
    if not settings.uploads.is_dir():
        return
    files = list(settings.uploads.iterdir())
    for start in range(0, len(files), _FILES):
        part = {path.stem: path for path in files[start : start + _FILES]}
        with store.read() as session:
            needed = set(session.scalars(select(Upload.id).where(Upload.id.in_(part), Upload.spent.is_(False))))
        for name in part.keys() - needed:
            part[name].unlink(missing_ok=True)


def _in_use() -> object:
    """Two questions, for each has an index of its own."""
    waiting = select(Job.id).where(Job.status.in_(("queued", "running")))
    return waiting.where(Job.upload == Upload.id).exists() | waiting.where(Job.proof_upload == Upload.id).exists()


def _same(session: Session, client_id: str, wanted: NewUpload, *, lock: bool = False) -> Upload | None:
    query = select(Upload).where(Upload.client_id == client_id, Upload.kind == wanted.kind, Upload.digest == wanted.digest)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def _again(known: Upload, wanted: NewUpload, settings: Settings) -> Upload:
    if known.size != wanted.size:
        raise InputError("this file was declared with another size", code="wrong_size", field="size", value=wanted.size)
    known.expires = _expiry(settings)
    return known


def _new(client_id: str, wanted: NewUpload, settings: Settings) -> Upload:
    return Upload(
        id=secrets.token_hex(16), client_id=client_id, kind=wanted.kind, digest=wanted.digest, size=wanted.size, offset=0,
        whole=False, spent=False, made=moment(), expires=_expiry(settings),
    )  # fmt: skip


def _expiry(settings: Settings) -> int:
    return moment() + int(1000 * settings.limits.upload_lifetime)


def _check_quota(session: Session, settings: Settings, client_id: str, size: int) -> None:
    """Of a client that is held."""
    limits = settings.limits
    held = select(func.count(), func.coalesce(func.sum(Upload.size), 0)).where(Upload.client_id == client_id, Upload.spent.is_(False))
    count, total = session.execute(held).one()
    hint = "finish or let expire what is open"
    if count >= limits.open_uploads:
        raise over_limit("uploads of this client", hint)
    if total + size > limits.open_bytes:
        raise over_limit("bytes of this client", hint)
    check_disk(settings, size)


def _check_place(found: Upload, offset: int, length: int) -> None:
    if found.whole or offset != found.offset:
        raise InputError("piece does not begin where the last one ended", code="wrong_offset", field="Upload-Offset", value=offset)
    if offset + length > found.size:
        raise InputError("piece goes beyond the declared size", code="too_large", field="Content-Length", value=length)


def _hold(file: BinaryIO, upload: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageError("another call is writing to this upload", code="upload_busy", value=upload, hint="try again") from error
