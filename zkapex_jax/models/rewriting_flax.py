"""Flax msgpack files with target leaves replaced, each in its own type; other leaves as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flax.serialization import to_bytes

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.models.naming import find_flax
from zkapex_jax.models.rewriting import Rewritten, Stored, convert, refuse_unwritten
from zkapex_jax.models.targets import paths_of
from zkapex_jax.models.weight_files import WeightFiles
from zkapex_jax.models.weights import Shapes, load_tree

_FLOATS = {"float64", "float32", "float16", "bfloat16"}


def rewrite_flax(files: WeightFiles, folder: Path, new: Mapping[str, np.ndarray], wanted: Shapes, prefix: str,
                 mode: int, force: bool) -> Rewritten:  # fmt: skip
    """As `rewrite_safetensors`. One shard is in memory at a time, twice while it is written; with copies of targets to look for,
    files are read a second time.
    """
    places = files.places
    if places is None:
        places = dict.fromkeys(paths_of(load_tree(files.paths[0], wanted)), files.paths[0])
    of_model = {find_flax(path, places, prefix, files.main): path for path in wanted}
    values = {name: new[path] for name, path in of_model.items() if path in new}
    refuse_unwritten(new, {of_model[name] for name in values}, files.main)
    targets, copies, types, exact = {}, {}, set(), True
    for file in sorted({places[name] for name in values}):
        leaves = paths_of(load_tree(file, wanted))
        for name in values.keys() & leaves.keys():
            old = _floats(leaves[name], file, name)
            if old.shape != values[name].shape:
                raise InputError(f"must have shape {values[name].shape}", code="shape", file=file, field=name, value=old.shape)
            targets[name], same = convert(values[name], old.dtype, file=file, field=name)
            types.add(str(old.dtype))
            exact = exact and same
            identity = _stored(name, old).identity
            if identity is not None:
                copies[identity] = targets[name]
    for file in files.paths:
        tree = load_tree(file, wanted)
        files.check_names(file, paths_of(tree))

        def choose(name: str, leaf: Any) -> Any:
            if name in targets or name in of_model or not isinstance(leaf, np.ndarray):
                return targets.get(name, leaf)
            identity = _stored(name, leaf).identity
            return leaf if identity is None else copies.get(identity, leaf)

        write_bytes(folder / file.name, to_bytes(_replaced(tree, choose)), force=force, mode=mode)
    return Rewritten(tuple(folder / file.name for file in files.paths), tuple(sorted(types)), exact)


def _replaced(tree: Mapping[Any, Any], choose: Callable[[str, Any], Any], prefix: str = "") -> dict[Any, Any]:
    """The same tree with its leaves chosen anew; paths are those of `paths_of`."""
    return {
        key: _replaced(node, choose, f"{prefix}{key}/") if isinstance(node, Mapping) else choose(f"{prefix}{key}", node)
        for key, node in tree.items()
    }


def _floats(leaf: Any, file: Path, name: str) -> np.ndarray:
    array = np.asarray(leaf)
    if array.dtype.name not in _FLOATS:
        raise InputError("is not stored as floats, so it cannot be written back", code="weight_type", file=file, field=name,
                         value=array.dtype)  # fmt: skip
    return array


def _stored(name: str, leaf: np.ndarray) -> Stored:
    return Stored(name, leaf.dtype.name, leaf.shape, np.ascontiguousarray(leaf).tobytes())
