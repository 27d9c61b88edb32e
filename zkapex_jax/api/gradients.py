"""Per-example gradients as a pytree, jittable, a micro-batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from zkapex_jax.api.trees import PyTree, is_count, leaves_of, listed, put_leaves
from zkapex_jax.errors import InputError
from zkapex_jax.models.patterns import compile_pattern

#: Mean loss of a batch: `loss_fn(params, batch) -> scalar`; called with batches of one example.
LossFunction = Callable[[PyTree, PyTree], jax.Array]


def per_example_gradients(loss_fn: LossFunction, params: PyTree, examples: PyTree, *, targets: str | None = None,
                          micro_batch: int | None = None) -> PyTree:  # fmt: skip
    """Gradient of each example's loss: leaves [n, *shape], in the parameters' structure, None where not asked for.

    Only the target leaves are differentiated. `curvature.per_example_gradients` does the same for models whose rows do not
    fit in memory: it streams them to disk.

    Args:
        loss_fn: mean loss of a batch.
        params: any pytree of arrays.
        examples: pytree of arrays [n, ...].
        targets: a glob over the leaves' paths (`*` within a level, `**` across), or a regular expression after `re:`;
            None takes every leaf of floats.
        micro_batch: examples differentiated at once: memory against time. None takes all.

    Raises:
        InputError: nothing matches `targets`, the examples' leaves differ in n, `micro_batch` is not positive, or the loss is not
            one number.

    >>> loss = lambda params, batch: jnp.mean((batch["x"] @ params["w"] + params["b"] - batch["y"]) ** 2)
    >>> params = {"w": jnp.array([1.0, 2.0]), "b": jnp.array(0.0)}
    >>> examples = {"x": jnp.array([[1.0, 0.0], [0.0, 1.0]]), "y": jnp.array([0.0, 0.0])}
    >>> per_example_gradients(loss, params, examples, targets="w")
    {'b': None, 'w': Array([[2., 0.],
           [0., 4.]], dtype=float32)}
    """
    leaves = leaves_of(params)
    chosen = {path: leaf for path, leaf in leaves.items() if _is_target(path, leaf, targets)}
    if not chosen:
        floats = [path for path, leaf in leaves.items() if _is_target(path, leaf, None)]
        raise InputError("matches no leaf of floats", code="pattern", field="targets", value=targets, hint=f"there are {listed(floats) or 'none'}")
    counts = {jnp.shape(leaf)[:1] for leaf in jax.tree_util.tree_leaves(examples)}
    if len(counts) != 1 or counts <= {(), (0,)}:
        raise InputError("fields must hold the same number of examples, at least one", code="examples", field="examples",
                         value=sorted(counts))  # fmt: skip
    if micro_batch is not None and not is_count(micro_batch):
        raise InputError("must be a positive integer", code="micro_batch", field="micro_batch", value=micro_batch)

    def gradient(example: PyTree) -> dict[str, jax.Array]:
        batch = jax.tree_util.tree_map(lambda leaf: leaf[None], example)
        return jax.grad(lambda part: loss_fn(put_leaves(params, part), batch))(chosen)

    examples = jax.tree_util.tree_map(jnp.asarray, examples)
    value = jax.eval_shape(lambda: loss_fn(params, jax.tree_util.tree_map(lambda leaf: leaf[:1], examples)))
    if getattr(value, "shape", None) != ():
        raise InputError("must return one number, the mean loss of a batch", code="loss", field="loss_fn", value=value)
    rows = jax.vmap(gradient)(examples) if micro_batch is None else jax.lax.map(gradient, examples, batch_size=int(micro_batch))
    return put_leaves(params, rows, lambda leaf: None)


def _is_target(path: str, leaf: Any, targets: str | None) -> bool:
    if not jnp.issubdtype(jnp.asarray(leaf).dtype, jnp.floating):
        return False
    return targets is None or compile_pattern(targets).fullmatch(path) is not None
