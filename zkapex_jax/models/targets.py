"""Target weights: choose tensors of a parameter tree, and pass between the tree and one flat vector of W weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.models.chunks import chunk_bounds, chunk_sizes
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.models.order import as_tensor
from zkapex_jax.models.patterns import compile_pattern

__all__ = ["TargetLayout", "chunk_bounds", "chunk_sizes", "flatten", "paths_of", "put_targets", "select_targets",
           "split_vector", "take_targets", "unflatten"]  # fmt: skip

Params = Mapping[str, Any]


def paths_of(params: Params, prefix: str = "") -> dict[str, Any]:
    """Flatten a nested parameter tree to `path -> tensor`, in sorted order of paths."""
    leaves: dict[str, Any] = {}
    for name, node in params.items():
        path = f"{prefix}{name}"
        leaves.update(paths_of(node, f"{path}/") if isinstance(node, Mapping) else {path: node})
    return dict(sorted(leaves.items()))


def select_targets(params: Params, pattern: str) -> TargetLayout:
    """Layout of the tensors whose path matches `pattern` (a glob, or a regular expression after `re:`).

    Raises:
        InputError: the pattern is malformed or matches nothing.
    """
    matches = compile_pattern(pattern)
    leaves = paths_of(params)
    found = tuple((path, tuple(map(int, leaf.shape))) for path, leaf in leaves.items() if matches.fullmatch(path))
    if not found:
        raise InputError("matches no tensor of the model", code="pattern", field="pattern", value=pattern,
                         hint=f"its paths look like {max(leaves, key=len, default='(none)')}")  # fmt: skip
    return TargetLayout(pattern, found)


def take_targets(params: Params, layout: TargetLayout) -> dict[str, Any]:
    """The target tensors as `path -> tensor`; works on traced values too.

    Raises:
        InputError: a tensor is missing or has another shape.
    """
    leaves = paths_of(params)
    for path, shape in layout.tensors:
        if path not in leaves:
            raise InputError("the model has no such tensor", code="layout", field=path)
        if tuple(leaves[path].shape) != shape:
            raise InputError(f"must have shape {shape}", code="layout", field=path, value=tuple(leaves[path].shape))
    return {path: leaves[path] for path, _ in layout.tensors}


def put_targets(params: Params, targets: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the tree with the given tensors in place; tensors are shared, `params` is left as it was."""
    tree = dict(params)
    heads: dict[str, dict[str, Any]] = {}
    for path, tensor in targets.items():
        head, _, rest = path.partition("/")
        if rest:
            heads.setdefault(head, {})[rest] = tensor
        else:
            tree[head] = tensor
    return tree | {head: put_targets(params[head], inner) for head, inner in heads.items()}


def flatten(params: Params, layout: TargetLayout) -> np.ndarray:
    """Vector [W] of the target weights, float64 if any tensor is, float32 otherwise.

    Raises:
        InputError: a tensor is missing or has another shape.
    """
    targets = take_targets(params, layout)
    wide = any(np.dtype(tensor.dtype) == np.float64 for tensor in targets.values())
    vector = np.empty(layout.weights, np.float64 if wide else np.float32)
    for path, shape, place in layout.slices():
        as_tensor(vector[place], shape)[...] = np.asarray(targets[path])
    return vector


def split_vector(layout: TargetLayout, vector: np.ndarray) -> dict[str, np.ndarray]:
    """Cut a vector [W] into `path -> tensor` views.

    Raises:
        InputError: the vector's shape is not [W].
    """
    if vector.shape != (layout.weights,):
        raise InputError(f"must have shape ({layout.weights},)", code="shape", field="vector", value=vector.shape)
    return {path: as_tensor(vector[place], shape) for path, shape, place in layout.slices()}


def unflatten(params: Params, layout: TargetLayout, vector: np.ndarray) -> dict[str, Any]:
    """A copy of the tree with the target weights taken from `vector` [W], each tensor keeping its dtype.

    Raises:
        InputError: the vector's shape is not [W], or a tensor is missing or has another shape.
    """
    old = take_targets(params, layout)
    new = {path: part.astype(old[path].dtype, order="C") for path, part in split_vector(layout, np.asarray(vector)).items()}
    return put_targets(params, new)
