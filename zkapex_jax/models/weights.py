"""Reading weight files: Flax msgpack, or safetensors in PyTorch's layout or in Flax's, whole or in shards. Nothing is unpickled."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from flax.serialization import msgpack_restore
from safetensors import safe_open

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats.atomic import storage_errors
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.models.naming import find_dotted, find_flax, from_torch, is_turned
from zkapex_jax.models.targets import paths_of
from zkapex_jax.models.weight_files import WeightFiles

Shapes = Mapping[str, tuple[int, ...]]

#: A msgpack file is read whole: it may hold so many bytes a weight of the model, and so many more.
_BYTES_A_WEIGHT, _BYTES_MORE = 16, 2**26


def read_weights(files: WeightFiles, wanted: Shapes, prefix: str) -> dict[str, np.ndarray]:
    """Float32 tensors `path -> array` of the wanted paths and shapes; other tensors of the files are left alone.

    Args:
        files: as `find_weights` found them.
        wanted: shapes by Flax path.
        prefix: name of the base model, which some checkpoints leave out of their names.

    Raises:
        InputError: a file cannot be parsed, or a tensor is missing or has another shape. StorageError: not readable.
    """
    return (_read_flax if files.kind == "flax" else _read_safetensors)(files, wanted, prefix)


@contextmanager
def parsing(path: Path) -> Iterator[None]:
    """Whatever a parser raises on hostile bytes becomes an InputError that names the file."""
    try:
        with storage_errors(path):
            yield
    except (InputError, StorageError):
        raise
    except Exception as error:  # parsers of hostile bytes raise whatever they like
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(f"is not a weight file: {reason}", code="checkpoint", file=path) from error


def load_tree(path: Path, wanted: Shapes) -> dict[str, Any]:
    """The nested dictionary of a msgpack file, no larger than the model allows.

    Raises:
        InputError: it is too large, or is none.
    """
    limit = _BYTES_MORE + _BYTES_A_WEIGHT * sum(math.prod(shape) for shape in wanted.values())
    with parsing(path):
        tree = msgpack_restore(read_bytes(path, max_bytes=limit))
    if not isinstance(tree, dict):
        raise InputError("is not a tree of tensors", code="checkpoint", file=path)
    return tree


def _read_flax(files: WeightFiles, wanted: Shapes, prefix: str) -> dict[str, np.ndarray]:
    names = None if files.places is None else {find_flax(path, files.places, prefix, files.main): path for path in wanted}
    tensors = {}
    for file in files.paths:
        with parsing(file):
            leaves = paths_of(load_tree(file, wanted))
            files.check_names(file, leaves)
            here = names or {find_flax(path, leaves, prefix, file): path for path in wanted}
            for name in here.keys() & leaves.keys():
                tensors[here[name]] = _checked(leaves[name], wanted[here[name]], here[name], file)
    return tensors


def _read_safetensors(files: WeightFiles, wanted: Shapes, prefix: str) -> dict[str, np.ndarray]:
    names = None if files.places is None else {find_dotted(path, files.places, prefix, files.main): path for path in wanted}
    tensors = {}
    for file in files.paths:
        with parsing(file), safe_open(file, framework="flax") as opened:
            present = set(opened.keys())
            files.check_names(file, present)
            here = names or {find_dotted(path, present, prefix, file): path for path in wanted}
            for name in here.keys() & present:
                path, leaf = here[name], np.asarray(opened.get_tensor(name))
                tensors[path] = _checked(from_torch(leaf) if is_turned(path, name) else leaf, wanted[path], path, file)
    return tensors


def _checked(leaf: object, shape: tuple[int, ...], path: str, file: Path) -> np.ndarray:
    array = np.ascontiguousarray(leaf, np.float32)
    if array.shape != shape:
        raise InputError(f"must have shape {shape}", code="shape", file=file, field=path, value=array.shape)
    return array
