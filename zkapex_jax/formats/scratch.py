"""Large arrays in files without names, and letting go of the pages of mapped files.

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
from zkapex_jax.formats.atomic import storage_errors


def scratch_array(shape: tuple[int, ...], dtype: type, folder: str | os.PathLike[str] | None) -> np.ndarray:
    """A zero-filled array in a nameless file of `folder`, which is gone with the array; in memory if `folder` is None.

    A killed process leaves nothing behind.

    Raises:
        InputError: a size is not a positive integer. StorageError: no such folder, or the disk has no room.
    """
    for size in shape:
        check_size("shape", size)
    if folder is None:
        return np.zeros(shape, dtype)
    length = math.prod(shape) * np.dtype(dtype).itemsize
    with storage_errors(Path(folder)), tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, length)
        mapping = mmap.mmap(file.fileno(), length)
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


def check_size(field: str, value: object) -> None:
    """Raises InputError if it is not a positive integer."""
    if type(value) is not int or value < 1:
        raise InputError("must be a positive integer", code="shape", field=field, value=value)
