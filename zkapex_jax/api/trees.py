"""Trees matched by the paths of their leaves, and passed into flat blocks of weights and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.models.order import as_tensor, as_vector

PyTree = Any
Leaves = dict[str, Any]


def leaves_of(tree: PyTree) -> Leaves:
    """`path -> leaf` in order of paths written as `a/b/c`, the order of a `TargetLayout` of the same tensors."""
    pairs = jax.tree_util.tree_leaves_with_path(tree)
    return dict(sorted((jax.tree_util.keystr(path, simple=True, separator="/"), leaf) for path, leaf in pairs))


def put_leaves(tree: PyTree, new: Mapping[str, Any], otherwise: Any = None) -> PyTree:
    """The tree with the given leaves in place; others as they are, or `otherwise(leaf)`."""

    def choose(path: Any, leaf: Any) -> Any:
        name = jax.tree_util.keystr(path, simple=True, separator="/")
        return new[name] if name in new else leaf if otherwise is None else otherwise(leaf)

    return jax.tree_util.tree_map_with_path(choose, tree)


def masks_of(params: Leaves, mask: PyTree) -> Leaves:
    """Boolean leaves of the shape of their parameters; a single boolean counts for the whole leaf.

    Raises:
        InputError: the mask holds nothing, a leaf that the parameters lack, or one of another type or shape.
    """
    found = {}
    for path, leaf in leaves_of(mask).items():
        array = jnp.asarray(leaf)
        if path not in params:
            raise no_such_leaf("mask", path, params)
        shape = jnp.shape(params[path])
        if array.dtype != jnp.bool_ or array.shape not in ((), shape):
            hint = "`mask != 0` makes booleans of numbers" if array.dtype != jnp.bool_ else None
            raise InputError(f"must be booleans of shape {shape}", code="shape", field=f"mask {path}", value=_kind(array), hint=hint)
        found[path] = jnp.broadcast_to(array, shape)
    if not found:
        raise InputError("holds no leaf", code="tree", field="mask")
    return found


def no_such_leaf(name: str, path: str, params: Leaves) -> InputError:
    """The error for a leaf that the parameters lack: it names those that they have."""
    return InputError("the parameters have no such leaf", code="tree", field=f"{name} {path}".strip(), hint=f"theirs are {listed(params)}")


def listed(paths: Iterable[str], most: int = 4) -> str:
    """Some paths in words."""
    every = [path or "one array" for path in paths]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def _kind(array: jax.Array) -> str:
    return f"{array.dtype}{list(array.shape)}"


def refuse_not_floats(leaves: Leaves) -> None:
    """Weights that are moved must be floats: an integer would lose the move's fraction.

    Raises:
        InputError: one is of another type.
    """
    for path, leaf in leaves.items():
        if not jnp.issubdtype(jnp.asarray(leaf).dtype, jnp.floating):
            raise InputError("must be floats", code="shape", field=f"params {path}".strip(), value=_kind(jnp.asarray(leaf)))


def rows_of(name: str, params: Leaves, paths: Iterable[str], gradients: PyTree) -> Leaves:
    """Gradient leaves [n, *shape] of exactly these paths, with one n.

    Raises:
        InputError: a leaf is missing or has another shape, or the numbers of rows differ.
    """
    given, counts, found = leaves_of(gradients), set(), {}
    for path in paths:
        shape = jnp.shape(params[path])
        if path not in given:
            raise InputError("is missing where the mask has a leaf", code="tree", field=f"{name} {path}")
        leaf = jnp.asarray(given[path])
        if leaf.ndim != len(shape) + 1 or leaf.shape[1:] != shape or len(leaf) == 0 or not jnp.issubdtype(leaf.dtype, jnp.floating):
            raise InputError(f"must be floats of shape {('n', *shape)}", code="shape", field=f"{name} {path}", value=_kind(leaf))
        counts.add(len(leaf))
        found[path] = leaf
    if not counts:
        raise InputError("holds no leaf", code="tree", field=name)
    if len(counts) > 1:
        raise InputError("leaves hold different numbers of rows", code="shape", field=name, value=sorted(counts))
    return found


def refuse_not_finite(name: str, leaves: Leaves) -> None:
    """Values that are known now must be finite; traced ones cannot be looked at, and carry NaN on to the result.

    Raises:
        InputError: one is not.
    """
    for path, leaf in leaves.items():
        if not is_traced(leaf) and not np.isfinite(np.asarray(leaf, np.float32)).all():
            raise InputError("holds a NaN or an infinity", code="not_finite", field=f"{name} {path}".strip())


def is_traced(value: Any) -> bool:
    """Whether the value is unknown yet, inside `jit`, `vmap` or `grad`."""
    return isinstance(value, jax.core.Tracer)


def is_count(value: Any) -> bool:
    """Whether the value is a positive integer, Python's or NumPy's."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) > 0


def joined(leaves: Leaves, keep: int = 0) -> jax.Array:
    """Leaves side by side as [..., W], each in the order of the protocol's vector, after the first `keep` axes, which are theirs.

    Floats become float32 at least.
    """
    array = jnp.concatenate([_flat(jnp.asarray(leaf), keep) for leaf in leaves.values()], axis=keep)
    return array.astype(jnp.promote_types(array.dtype, jnp.float32)) if jnp.issubdtype(array.dtype, jnp.floating) else array


def split(vector: jax.Array, like: Leaves) -> Leaves:
    """Cut a vector [W] into leaves of the shapes and types of `like`: the inverse of `joined`."""
    parts, start = {}, 0
    for path, leaf in like.items():
        shape = jnp.shape(leaf)
        part = vector[start : start + jnp.size(leaf)]
        parts[path] = as_tensor(part, shape or (1,)).reshape(shape).astype(jnp.asarray(leaf).dtype)
        start += jnp.size(leaf)
    return parts


def _flat(leaf: jax.Array, keep: int) -> jax.Array:
    flat = as_vector if keep == 0 else jax.vmap(as_vector)
    return flat(leaf if leaf.ndim > keep else leaf[..., None])
