"""Gradient rows on disk, for models whose n · W values do not fit in memory. The rows are private: mode 0600."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import SECRET_MODE, storage_errors
from zkapex_jax.formats.reading import open_input
from zkapex_jax.formats.scratch import check_size


def create_rows(path: str | os.PathLike[str], rows: int, weights: int) -> np.memmap:
    """A new zero-filled file of float32 [rows, weights], mapped for writing. The caller removes it after use.

    Raises:
        InputError: a size is not a positive integer. StorageError: the file exists, or the disk has no room.
    """
    for field, value in (("rows", rows), ("weights", weights)):
        check_size(field, value)
    path = Path(path)
    with storage_errors(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, SECRET_MODE)
        try:
            _reserve(handle, path, 4 * rows * weights)
        finally:
            os.close(handle)
        return np.memmap(path, np.float32, "r+", shape=(rows, weights))


def open_rows(path: str | os.PathLike[str], rows: int, weights: int) -> np.memmap:
    """A file that `create_rows` made with these sizes, mapped for writing as it is.

    Raises:
        InputError: there is none, or it has another length. StorageError: it cannot be opened.
    """
    with open_input(path) as file:
        if os.fstat(file.fileno()).st_size != 4 * rows * weights:
            raise InputError(f"must hold {rows * weights} float32", code="damaged", file=path)
    with storage_errors(path):
        return np.memmap(path, np.float32, "r+", shape=(rows, weights))


def _reserve(handle: int, path: Path, size: int) -> None:
    # a full disk must show here: later it would kill the process at a write to the mapping
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError:
        os.unlink(path)
        raise
