"""Write a file completely or not at all.

Bytes go to a temporary file in the same folder, are flushed to disk, and take the target's name in one rename (or
one hard link where nothing may be overwritten). On any failure, a full disk too, the temporary file is removed and
the target is as it was. Where the process was killed, it stays until the same target is asked for again.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from zkapex_jax.errors import StorageError

PUBLIC_MODE = 0o644
SECRET_MODE = 0o600
#: How names of passing folders begin, and how those of passing files and folders end.
PREFIX, SUFFIX = ".zkapex-", ".part"


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str], *, force: bool = False, mode: int = PUBLIC_MODE) -> Iterator[BinaryIO]:
    """Yield a binary file that becomes `path` when the block ends without an exception.

    Raises StorageError if `path` exists and `force` is false, or the operating system refuses a write.
    """
    target = Path(path)
    refuse_existing(target, force=force)
    with storage_errors(target):
        temporary, handle = _create_beside(target, mode)
        try:
            with open(handle, "r+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                publish(temporary, target, force=force)
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


def refuse_existing(path: str | os.PathLike[str], *, force: bool = False, hint: str | None = None) -> None:
    """Raise StorageError if `path` exists and may not be replaced; commands call it before long work.

    What killed commands have left beside it goes first, also where `path` exists: one that was killed at its very end has
    made it and is not run again.
    """
    sweep_beside(Path(path))
    if not force and os.path.lexists(path):
        hint = hint or "choose another name or pass --force"
        raise StorageError("already exists", code="exists", file=path, hint=hint)


def make_directory(path: str | os.PathLike[str], *, mode: int = 0o755) -> Path:
    """Create a folder and its parents, all of one mode, durably; an existing folder is kept as it is."""
    folder = Path(path)
    with storage_errors(folder):
        fresh = [place for place in (folder, *folder.parents) if not place.exists()]
        for place in reversed(fresh):
            place.mkdir(exist_ok=True, mode=mode)
            sync_directory(place.parent)
        folder.mkdir(exist_ok=True, mode=mode)
    return folder


def publish(temporary: str | os.PathLike[str], target: Path, *, force: bool) -> None:
    """Give a finished file its name, durably. Without `force` it fails where the name is taken, also since a moment ago.

    Raises StorageError (code `exists`), or OSError.
    """
    if force:
        os.replace(temporary, target)
    else:
        _link(temporary, target)
    sync_directory(target.parent)


def sweep(folder: Path, prefix: str | tuple[str, ...] = ".") -> None:
    """Remove passing files and folders of commands that were killed: those whose names begin so, and that nobody holds."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(prefix) and entry.name.endswith(SUFFIX):
                _remove_if_dead(Path(entry.path))


def sweep_beside(target: Path) -> None:
    """Remove what killed commands have left where `target` is, or was to be, written."""
    sweep(target.parent, (PREFIX, _prefix(target)))


def hold(handle: int, path: Path) -> bool:
    """Lock a passing file or folder for as long as `handle` is open; False if it was swept away meanwhile.

    Where the file system has no locks nothing is held, and nothing is ever swept.
    """
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


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


def _prefix(target: Path) -> str:
    return f".{target.name}."


def _create_beside(target: Path, mode: int) -> tuple[str, int]:
    """Name and handle of an empty file that is held; until then another command may take it for a dead one's."""
    while True:
        handle, name = tempfile.mkstemp(prefix=_prefix(target), suffix=SUFFIX, dir=target.parent)
        try:
            os.fchmod(handle, mode)
            if hold(handle, Path(name)):
                return name, handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _remove_if_dead(path: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        finally:
            os.close(handle)


def _link(temporary: str | os.PathLike[str], target: Path) -> None:
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
