"""An optax transformation that keeps masked weights at zero while the others are trained on."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax

from zkapex_jax.api.trees import PyTree, leaves_of, masks_of, put_leaves
from zkapex_jax.errors import InputError


def freeze_masked(mask: PyTree) -> optax.GradientTransformation:
    """Set the updates of masked weights to −w, so that these are exactly zero after every step.

    Put it last in `optax.chain`: what comes after it (weight decay, momentum) would move them again. Without it, training on
    after unlearning brings forgotten weights back, and the next request's proof cannot start from the ledger's state.

    Raises:
        InputError: in `update`: without the parameters, or the mask does not fit them.

    >>> params = {"w": jnp.array([0.0, 1.0])}
    >>> optimiser = optax.chain(optax.sgd(0.1, momentum=0.9), freeze_masked({"w": jnp.array([True, False])}))
    >>> state = optimiser.init(params)
    >>> updates, state = optimiser.update({"w": jnp.array([1.0, 1.0])}, state, params)
    >>> optax.apply_updates(params, updates)
    {'w': Array([0. , 0.9], dtype=float32)}
    """

    def init(params: PyTree) -> optax.EmptyState:
        masks_of(leaves_of(params), mask)
        return optax.EmptyState()

    def update(updates: PyTree, state: optax.EmptyState, params: PyTree | None = None) -> tuple[PyTree, optax.EmptyState]:
        if params is None:
            raise InputError("are needed: call update(updates, state, params)", code="no_params", field="params")
        old, moves = leaves_of(params), leaves_of(updates)
        held = {path: _held(hit, old[path], moves[path]) for path, hit in masks_of(old, mask).items() if path in moves}
        return put_leaves(updates, held), state

    return optax.GradientTransformation(init, update)


def _held(hit: jax.Array, weights: jax.Array, move: jax.Array) -> jax.Array:
    return jnp.where(hit, -weights, move)  # in the wider of both types: −w must not be rounded
