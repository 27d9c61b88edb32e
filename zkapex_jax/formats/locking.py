"""Hold a folder while a few of its files are looked at and changed: processes that ask for it wait for one another."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from zkapex_jax.formats.atomic import storage_errors


@contextlib.contextmanager
def held(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Alone, or with others that share it. The lock goes with the process, however that ends; where the file system has none,
    nothing is held. Raises StorageError if the folder cannot be opened.
    """
    with storage_errors(folder):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
