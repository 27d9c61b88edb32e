"""Passing files: what a command needs only until it ends.

Who makes one holds a lock on it, which the system lets go when the process ends, however it ends. So what a killed
command has left can be told from what another one is at work with, and is removed by the next command that makes one in
its place. Nobody reads them by name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from zkapex_jax.formats.atomic import PREFIX, SUFFIX, hold, storage_errors, sweep


@contextlib.contextmanager
def passing_folder(parent: str | os.PathLike[str]) -> Iterator[Path]:
    """A fresh folder in `parent`, the owner's alone, that is gone at the end of the block; what is to stay is moved out of it.

    Raises StorageError if the system refuses to make it.
    """
    sweep(Path(parent), PREFIX)
    with storage_errors(parent):
        folder, handle = _make(Path(parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _make(parent: Path) -> tuple[Path, int]:
    """Until it is held, another command may take it for a dead one's and remove it: then another is made."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=parent))
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            if hold(handle, folder):
                return folder, handle
            os.close(handle)

