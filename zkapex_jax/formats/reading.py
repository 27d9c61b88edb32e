"""Open files that somebody else wrote: bounded sizes, and errors that name the file."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import storage_errors

BLOCK = 1 << 20


@contextlib.contextmanager
def open_input(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A regular file opened for reading. Raises InputError if there is none, StorageError if it cannot be read."""
    try:
        file = _open_regular(Path(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError("no such file", code="missing_file", file=path) from error
    with file, storage_errors(path):
        yield file


def read_bytes(path: str | os.PathLike[str], *, max_bytes: int) -> bytes:
    """The whole file, refused if it is longer than `max_bytes`."""
    with open_input(path) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise InputError(f"file is longer than {max_bytes} bytes", code="too_large", file=path)
    return data


def file_digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, hex, read in blocks of 1 MiB."""
    with open_input(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open_regular(path: Path) -> BinaryIO:
    """A pipe or device would block or never end; O_NONBLOCK lets us look before we read."""
    with storage_errors_but_missing(path):
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputError("is not a regular file", code="not_a_file", file=path)
    return os.fdopen(handle, "rb")


@contextlib.contextmanager
def storage_errors_but_missing(path: Path) -> Iterator[None]:
    """As `storage_errors`, but lets "no such file" through for the caller to word."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        with storage_errors(path):
            raise error
