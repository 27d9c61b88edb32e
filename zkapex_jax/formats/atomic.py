"""Write a file completely or not at all.

Bytes go to a temporary file in the same folder, are flushed to disk, and take the target's name in one rename (or
one hard link where nothing may be overwritten). On any failure, a full disk too, the temporary file is removed and
the target is as it was.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from zkapex_jax.errors import StorageError

PUBLIC_MODE = 0o644
SECRET_MODE = 0o600


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str], *, force: bool = False, mode: int = PUBLIC_MODE) -> Iterator[BinaryIO]:
    """Yield a binary file that becomes `path` when the block ends without an exception.

    Raises StorageError if `path` exists and `force` is false, or the operating system refuses a write.
    """
    target = Path(path)
    refuse_existing(target, force=force)
    with storage_errors(target):
        temporary = _create_beside(target, mode)
        try:
            with open(temporary, "r+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _publish(temporary, target, force=force)
            sync_directory(target.parent)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def write_bytes(path: str | os.PathLike[str], data: bytes, *, force: bool = False, mode: int = PUBLIC_MODE) -> None:
    """Atomic write of `data`; see `atomic_file`."""
    with atomic_file(path, force=force, mode=mode) as file:
        file.write(data)


def write_text(path: str | os.PathLike[str], text: str, *, force: bool = False, mode: int = PUBLIC_MODE) -> None:
    """Atomic write of UTF-8 `text`; see `atomic_file`."""
    write_bytes(path, text.encode("utf-8"), force=force, mode=mode)


def refuse_existing(path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Raise StorageError if `path` exists and may not be replaced; commands call it before long work."""
    if not force and os.path.lexists(path):
        raise StorageError("already exists", code="exists", file=path, hint="choose another name or pass --force")


def make_directory(path: str | os.PathLike[str], *, mode: int = 0o755) -> Path:
    """Create a folder and its parents; an existing folder is kept."""
    folder = Path(path)
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
    return folder


@contextlib.contextmanager
def storage_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an OSError of the block into a StorageError that names `path`."""
    try:
        yield
    except OSError as error:
        raise StorageError(_sentence(error), code=_code(error), file=path, hint=_hint(error)) from error


def sync_directory(folder: Path) -> None:
    """Flush a folder's entries, so that a rename survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _create_beside(target: Path, mode: int) -> str:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    try:
        os.fchmod(handle, mode)
    finally:
        os.close(handle)
    return name


def _publish(temporary: str, target: Path, *, force: bool) -> None:
    if force:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)  # unlike rename, fails if another process made the target meanwhile
    except FileExistsError as error:
        raise StorageError("already exists", code="exists", file=target, hint="choose another name") from error
    except OSError:  # file systems without hard links
        refuse_existing(target)
        os.replace(temporary, target)


def _code(error: OSError) -> str:
    return "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "storage"


def _sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    return reason[:1].lower() + reason[1:]


def _hint(error: OSError) -> str | None:
    hints = {
        errno.ENOSPC: "free some space and run the command again; nothing was left behind",
        errno.EDQUOT: "your disk quota is used up; nothing was left behind",
        errno.EACCES: "check the permissions of the folder",
        errno.EROFS: "the file system is read-only",
        errno.ENOENT: "check the path",
    }
    return hints.get(error.errno or 0)
