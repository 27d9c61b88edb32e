"""Masks as pytrees: scores, the highest of them, and masks applied."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zkapex_jax.api.trees import PyTree, joined, leaves_of, masks_of, no_such_leaf, put_leaves, refuse_not_finite, rows_of, split
from zkapex_jax.errors import InputError
from zkapex_jax.forget.selection import mask_size


def mask_scores(params: PyTree, forget_gradients: PyTree, retain_gradients: PyTree) -> PyTree:
    """Score of each weight, higher where zeroing it hurts the forgotten data and leaves the retained data alone.

    Zeroing w alone changes a loss by about −gw + ½Fw² (g: mean gradient, F: mean squared gradient over examples); the score
    is the forget loss's rise less the magnitude of the retain loss's change. `forget.mask_scores` is its twin on vectors.

    Args:
        params: any pytree of arrays.
        forget_gradients: leaves [n, *shape] of `per_example_gradients`.
        retain_gradients: as `forget_gradients`, the same leaves.

    Returns:
        Scores in the parameters' structure, None where there are no gradients.

    Raises:
        InputError: the trees do not match, or a value that is known is not finite.

    >>> params = {"w": jnp.array([1.0, 1.0])}
    >>> mask_scores(params, {"w": jnp.array([[-2.0, 0.0]])}, {"w": jnp.array([[0.0, -2.0]])})
    {'w': Array([ 4., -4.], dtype=float32)}
    """
    leaves = leaves_of(params)
    paths = list(leaves_of(forget_gradients))
    for path in paths:
        if path not in leaves:
            raise no_such_leaf("forget_gradients", path, leaves)
    forget = rows_of("forget_gradients", leaves, paths, forget_gradients)
    retain = rows_of("retain_gradients", leaves, paths, retain_gradients)
    for name, part in (("params", {path: leaves[path] for path in paths}), ("forget_gradients", forget), ("retain_gradients", retain)):
        refuse_not_finite(name, part)
    scores = {path: _rise(leaves[path], forget[path]) - jnp.abs(_rise(leaves[path], retain[path])) for path in paths}
    return put_leaves(params, scores, lambda leaf: None)


def top_mask(scores: PyTree, sparsity: float) -> PyTree:
    """Booleans in the structure of `scores`: true on the `sparsity` share of highest scores over all leaves together.

    At least one weight and at most all but one are taken; of equal scores the first in order of paths. `sparsity` is static
    under `jit`.

    Raises:
        InputError: `sparsity` is not between 0 and 1, there are fewer than two scores, or a known one is a NaN.

    >>> top_mask({"a": jnp.array([1.0, 5.0]), "b": jnp.array([3.0, 0.0])}, 0.5)
    {'a': Array([False,  True], dtype=bool), 'b': Array([ True, False], dtype=bool)}
    """
    leaves = leaves_of(scores)
    if not leaves:
        raise InputError("holds no leaf", code="tree", field="scores")
    refuse_not_finite("scores", leaves)
    vector = joined(leaves)
    _, best = jax.lax.top_k(vector, mask_size(vector.size, sparsity))
    hit = jnp.zeros(vector.shape, jnp.bool_).at[best].set(True)
    masks = {path: part != 0 for path, part in split(hit, leaves).items()}
    return put_leaves(scores, masks)


def apply_mask(params: PyTree, mask: PyTree) -> PyTree:
    """The parameters with masked weights at zero and nothing compensated; leaves that the mask lacks are untouched.

    Raises:
        InputError: the trees do not match.

    >>> apply_mask({"w": jnp.array([1.0, 2.0]), "b": 3}, {"w": jnp.array([True, False])})
    {'b': 3, 'w': Array([0., 2.], dtype=float32)}
    """
    leaves = leaves_of(params)
    masks = masks_of(leaves, mask)
    return put_leaves(params, {path: jnp.where(hit, 0, leaves[path]) for path, hit in masks.items()})


def _rise(weights: jax.Array, gradients: jax.Array) -> jax.Array:
    return -jnp.mean(gradients, axis=0) * weights + 0.5 * jnp.mean(gradients**2, axis=0) * weights**2
