"""Plain safetensors files of arrays: data sets from a user, commitments from the Rust binary."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import PUBLIC_MODE, write_bytes
from zkapex_jax.formats.reading import open_input


def load_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """All arrays of a file. Raises InputError if it is no safetensors file, or holds a type that NumPy lacks."""
    with open_input(path):
        pass
    try:
        return load_file(os.fspath(path))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"is not a safetensors file of plain arrays: {reason}", code="bad_container", file=path) from error


def save_arrays(
    path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], *, force: bool = False, mode: int = PUBLIC_MODE
) -> None:
    """Write arrays atomically."""
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_bytes(path, save(contiguous), force=force, mode=mode)
