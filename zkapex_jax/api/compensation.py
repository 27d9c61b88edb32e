"""`unlearn` and `compensation`: Group-OBS with a block empirical Fisher, on pytrees.

>>> import jax, jax.numpy as jnp
>>> params = {"dense": {"kernel": jnp.array([[1.0], [2.0]]), "bias": jnp.array([0.5])}}
>>> gradients = {"dense": {"kernel": jnp.array([[[1.0], [1.0]], [[2.0], [2.1]]])}}   # two examples
>>> mask = {"dense": {"kernel": jnp.array([[True], [False]])}}                      # the bias is not touched
>>> unlearned = jax.jit(unlearn)(params, mask, gradients)
>>> float(unlearned["dense"]["kernel"][0, 0]), float(unlearned["dense"]["bias"][0])
(0.0, 0.5)
>>> bool(unlearned["dense"]["kernel"][1, 0] > 2.9)                                  # it took over what the other did
True
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import jax
import jax.numpy as jnp

from zkapex_jax.api.trees import Leaves, PyTree, is_count, is_traced, joined, leaves_of, masks_of, put_leaves, refuse_not_finite, refuse_not_floats, rows_of, split
from zkapex_jax.curvature.block_fisher import BlockFisher, as_array, median_clip_factors
from zkapex_jax.errors import InputError
from zkapex_jax.models.chunks import chunk_bounds
from zkapex_jax.obs.compensate import compensate

#: How target weights are cut into blocks of curvature: one for all, one a tensor, or even ones of at most so many weights.
Blocks = Literal["all", "tensor"] | int
_STATIC = "under jit: static_argnames=('blocks', 'clip')"


def unlearn(params: PyTree, mask: PyTree, gradients: PyTree, *, forget_gradients: PyTree | None = None,
            damping: Any = None, blocks: Blocks = "all", clip: bool = True) -> PyTree:  # fmt: skip
    """Zero the masked weights and move the others of their blocks so that the personal loss suffers least.

    A pure function: it works under `jit` and `vmap` (`blocks` and `clip` are static), and returns new parameters of the
    same structure and types, in which every masked weight is exactly 0 and leaves outside the mask are the ones given.

    Args:
        params: any pytree of arrays (a flax `params` dictionary, a `TrainState`'s, a list of arrays).
        mask: booleans by leaf, true = zero this weight; leaves that it lacks are not touched (see `top_mask`).
        gradients: rows G, by leaf of the mask: [n, *shape], the personal loss's gradient of n single examples at `params`
            (see `per_example_gradients`).
        forget_gradients: K more rows, mean gradients of the forgotten data's loss at the *masked* base model, which keep the
            compensation from undoing the forgetting; they are zeroed on the mask and scaled to the norm of the client's rows.
        damping: γ > 0 of C = γI + GᵀG; None takes tr(GᵀG) / (32 n) of each block.
        blocks: blocks of curvature. An integer cuts as the protocol cuts its chunks.
        clip: bring rows whose norm exceeds the median down to it, as the protocol does.

    Raises:
        InputError: trees do not match, shapes differ, or (where values are known, outside `jit`) something is not finite,
            `damping` is not positive, or all gradients are zero; or weights of the mask's leaves are not floats.
    """
    moves = compensation(params, mask, gradients, forget_gradients=forget_gradients, damping=damping, blocks=blocks, clip=clip)
    old, masks, moved = leaves_of(params), masks_of(leaves_of(params), mask), leaves_of(moves)
    return put_leaves(params, {path: jnp.where(hit, 0, old[path] + moved[path]).astype(jnp.asarray(old[path]).dtype)
                               for path, hit in masks.items()})  # fmt: skip


def compensation(params: PyTree, mask: PyTree, gradients: PyTree, *, forget_gradients: PyTree | None = None,
                 damping: Any = None, blocks: Blocks = "all", clip: bool = True) -> PyTree:  # fmt: skip
    """The move δ as an update of the parameters' structure, for `optax.apply_updates`; zero outside the mask's leaves.

    Arguments and errors are those of `unlearn`.

    >>> import optax
    >>> params, gradients = {"w": jnp.array([3.0, 4.0])}, {"w": jnp.array([[1.0, 0.0]])}
    >>> updates = compensation(params, {"w": jnp.array([True, False])}, gradients)
    >>> optax.apply_updates(params, updates)
    {'w': Array([0., 4.], dtype=float32)}
    """
    leaves = leaves_of(params)
    masks = masks_of(leaves, mask)
    targets = {path: leaves[path] for path in masks}
    refuse_not_floats(targets)
    if is_traced(clip):
        raise InputError("must be known when the function is compiled", code="blocks", field="clip", hint=_STATIC)
    rows = rows_of("gradients", leaves, masks, gradients)
    forget = None if forget_gradients is None else rows_of("forget_gradients", leaves, masks, forget_gradients)
    _check_values(targets, rows, forget, damping)
    client = _clipped(joined(rows, 1)) if clip else joined(rows, 1)
    theta, hit = joined(targets), joined(masks)
    public = None if forget is None else jnp.where(hit, 0, joined(forget, 1))
    delta = jnp.concatenate([
        _block(theta[cut], hit[cut], client[:, cut], None if public is None else public[:, cut], damping)
        for cut in cuts_of(targets, blocks)
    ])  # fmt: skip
    return put_leaves(params, split(delta, targets), jnp.zeros_like)


def _block(theta: jax.Array, mask: jax.Array, rows: jax.Array, forget: jax.Array | None, damping: Any) -> jax.Array:
    """δ [d] of one block: γ is that of the client's rows; forget rows are brought to their norm (root mean square)."""
    fisher = BlockFisher.from_gradients(rows, damping)
    if forget is not None:
        squares = jnp.sum(forget**2, axis=1)
        typical = jnp.sum(squares) / jnp.maximum(jnp.count_nonzero(squares), 1)
        wanted = jnp.sum(rows**2) / len(rows)
        scaled = forget * jnp.sqrt(wanted / jnp.where(typical > 0, typical, 1))
        fisher = BlockFisher(jnp.concatenate([fisher.rows, scaled]), fisher.damping)
    return compensate(fisher, theta, mask).delta


def _clipped(rows: jax.Array) -> jax.Array:
    return rows * median_clip_factors(jnp.linalg.norm(rows, axis=1))[:, None]


def cuts_of(targets: Leaves, blocks: Blocks) -> Iterator[slice]:
    """Half-open ranges of the blocks in the vector of these leaves.

    Raises:
        InputError: `blocks` is none of its kinds.
    """
    sizes = [jnp.size(leaf) for leaf in targets.values()]
    if blocks == "tensor":
        for index, size in enumerate(sizes):
            yield slice(sum(sizes[:index]), sum(sizes[:index]) + size)
    elif blocks == "all":
        yield slice(0, sum(sizes))
    elif is_count(blocks):
        yield from (slice(*bounds) for bounds in chunk_bounds(sum(sizes), int(blocks)))
    else:
        raise InputError("must be 'all', 'tensor' or a positive integer", code="blocks", field="blocks", value=blocks,
                         hint=_STATIC if is_traced(blocks) else None)  # fmt: skip


def _check_values(targets: Leaves, rows: Leaves, forget: Leaves | None, damping: Any) -> None:
    for name, part in (("params", targets), ("gradients", rows), ("forget_gradients", forget or {})):
        refuse_not_finite(name, part)
    if damping is not None and not is_traced(damping):
        gamma = as_array(damping, "damping")
        if gamma.ndim != 0 or not (jnp.isfinite(gamma) and gamma > 0):
            raise InputError("must be positive and finite", code="gamma", field="damping", value=damping)
    if not any(is_traced(leaf) or jnp.any(leaf) for leaf in rows.values()):
        raise InputError("are all zero: the loss does not depend on the masked leaves", code="zero_gradients", field="gradients",
                         hint="choose other leaves")  # fmt: skip
