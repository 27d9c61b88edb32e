"""Arrays on disk, for models whose n · W values do not fit in memory. They are private: named ones have mode 0600.

Pages of a mapped file count as resident memory until they are let go: whoever has written or read a part of a large
array calls `release`. Nothing is lost by it, for the pages are shared with the file.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import tempfile
from pathlib import Path

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import SECRET_MODE, storage_errors


def create_rows(path: str | os.PathLike[str], rows: int, weights: int) -> np.memmap:
    """A new zero-filled file of float32 [rows, weights], mapped for writing. The caller removes it after use.

    Raises:
        InputError: a size is not a positive integer. StorageError: the file exists, or the disk has no room.
    """
    _check_shape((rows, weights), ("rows", "weights"))
    path = Path(path)
    with storage_errors(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, SECRET_MODE)
        try:
            _reserve(handle, path, 4 * rows * weights)
        finally:
            os.close(handle)
        return np.memmap(path, np.float32, "r+", shape=(rows, weights))


def scratch_array(shape: tuple[int, ...], dtype: type, folder: str | os.PathLike[str] | None) -> np.ndarray:
    """A zero-filled array in a nameless file of `folder`, which is gone with the array; in memory if `folder` is None.

    A killed process leaves nothing behind.

    Raises:
        InputError: a size is not a positive integer. StorageError: no such folder, or the disk has no room.
    """
    _check_shape(shape, ("shape",) * len(shape))
    if folder is None:
        return np.zeros(shape, dtype)
    size = math.prod(shape) * np.dtype(dtype).itemsize
    with storage_errors(Path(folder)), tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, size)
        mapping = mmap.mmap(file.fileno(), size)
    return np.frombuffer(mapping, dtype).reshape(shape)


def release(array: np.ndarray) -> None:
    """Let go of the resident pages of an array that is mapped from a file; does nothing to any other array."""
    holder: object = array
    while isinstance(holder, np.ndarray):
        holder = holder.base
    if isinstance(holder, memoryview):
        holder = holder.obj
    if isinstance(holder, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        with contextlib.suppress(OSError):  # a hint: a system that refuses it keeps the pages
            holder.madvise(mmap.MADV_DONTNEED)


def _check_shape(shape: tuple[int, ...], fields: tuple[str, ...]) -> None:
    for field, value in zip(fields, shape, strict=True):
        if type(value) is not int or value < 1:
            raise InputError("must be a positive integer", code="shape", field=field, value=value)


def _reserve(handle: int, path: Path, size: int) -> None:
    # a full disk must show here: later it would kill the process at a write to the mapping
    try:
        os.posix_fallocate(handle, 0, size)
    except OSError:
        os.unlink(path)
        raise
