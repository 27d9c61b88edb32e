"""Weight files: Flax msgpack, or safetensors in PyTorch's layout or in Flax's. Nothing is unpickled.

PyTorch stores linear weights as [out, in] and convolutions as [out, in, height, width]; Flax calls them kernels and
stores [in, out] and [height, width, in, out]. PyTorch calls layer norm scales and embeddings `weight` too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from flax.serialization import msgpack_restore
from safetensors import safe_open

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats.atomic import storage_errors
from zkapex_jax.models.targets import paths_of

FLAX_FILE = "flax_model.msgpack"
SAFETENSORS_FILE = "model.safetensors"

Shapes = Mapping[str, tuple[int, ...]]


def weights_file(folder: Path) -> Path:
    """The weight file of a checkpoint folder.

    Raises:
        StorageError: there is none.
    """
    for name in (FLAX_FILE, SAFETENSORS_FILE):
        if (folder / name).is_file():
            return folder / name
    raise StorageError(f"has neither {FLAX_FILE} nor {SAFETENSORS_FILE}", code="no_weights", file=folder,
                       hint="convert sharded or pickled checkpoints first")  # fmt: skip


def read_weights(path: Path, wanted: Shapes, prefix: str) -> dict[str, np.ndarray]:
    """Float32 tensors `path -> array` of the wanted paths and shapes; other tensors of the file are left alone.

    Args:
        path: a file named as `FLAX_FILE` or `SAFETENSORS_FILE`.
        wanted: shapes by Flax path.
        prefix: name of the base model, which some checkpoints leave out of their names.

    Raises:
        InputError: the file cannot be parsed, or a tensor is missing or has another shape. StorageError: not readable.
    """
    read = _read_flax if path.name == FLAX_FILE else _read_safetensors
    try:
        with storage_errors(path):
            return read(path, wanted, prefix)
    except (InputError, StorageError):
        raise
    except Exception as error:  # parsers of hostile bytes raise whatever they like
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(f"is not a weight file: {reason}", code="checkpoint", file=path) from error


def _read_flax(path: Path, wanted: Shapes, prefix: str) -> dict[str, np.ndarray]:
    leaves = paths_of(msgpack_restore(path.read_bytes()))
    return {name: _checked(leaves[_find(name, [name], leaves, prefix + "/", path)], shape, name, path)
            for name, shape in wanted.items()}  # fmt: skip


def _read_safetensors(path: Path, wanted: Shapes, prefix: str) -> dict[str, np.ndarray]:
    tensors = {}
    with safe_open(path, framework="flax") as file:
        names = set(file.keys())
        for name, shape in wanted.items():
            dotted = name.replace("/", ".")
            found = _find(name, [dotted, _torch_name(dotted)], names, prefix + ".", path)
            turn = _turn if found.endswith(".weight") and name.endswith("/kernel") else np.asarray
            tensors[name] = _checked(file.get_tensor(found), shape, name, path, turn)
    return tensors


def _find(path: str, names: list[str], present: Mapping[str, object] | set[str], prefix: str, file: Path) -> str:
    for name in [*names, *(name.removeprefix(prefix) for name in names)]:
        if name in present:
            return name
    raise InputError("the checkpoint lacks this tensor", code="missing_tensor", file=file, field=path)


def _torch_name(dotted: str) -> str:
    head, _, kind = dotted.rpartition(".")
    return f"{head}.weight" if kind in {"kernel", "scale", "embedding"} else dotted


def _turn(leaf: np.ndarray) -> np.ndarray:
    return np.asarray(leaf).transpose(2, 3, 1, 0) if leaf.ndim == 4 else np.asarray(leaf).T


def _checked(leaf: object, shape: tuple[int, ...], path: str, file: Path,
             turn: Callable[..., np.ndarray] = np.asarray) -> np.ndarray:  # fmt: skip
    array = np.ascontiguousarray(turn(leaf), np.float32)
    if array.shape != shape:
        raise InputError(f"must have shape {shape}", code="shape", file=file, field=path, value=array.shape)
    return array
