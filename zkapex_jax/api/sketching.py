"""Gradient rows that sum up more gradients than there are rows, as a pytree."""

from __future__ import annotations

from collections.abc import Iterable

import jax.numpy as jnp
import numpy as np

from zkapex_jax.api.compensation import Blocks, cuts_of
from zkapex_jax.api.trees import Leaves, PyTree, joined, leaves_of, put_leaves, refuse_not_finite, split
from zkapex_jax.curvature.sketch import Sketch
from zkapex_jax.errors import InputError


def sketch_gradients(batches: Iterable[PyTree], rows: int, *, blocks: Blocks = "all", seed: int = 0) -> PyTree:
    """`rows` gradient rows that sum up those of all batches, block by block: for `unlearn` with the same `blocks`, and `clip=False`.

    In each block SᵀS is near (rows / N)·GᵀG for N gradients G: the nearest of its rank in a block of up to 4,096 weights, by
    Frequent Directions in a larger one. With labels drawn from the model, that is the model's own Fisher matrix, not the one
    of the data's labels. Batches are taken one at a time; it is not for use inside `jit`.

    Args:
        batches: trees of gradients, leaves [n, *shape] or None, as `per_example_gradients` returns them; all of one structure,
            with exactly the leaves of the mask that `unlearn` is given.
        rows: how many rows to sum up in.
        blocks: blocks of curvature, as `unlearn` has them.
        seed: of the random orthogonal matrix that makes rows about equally long.

    Raises:
        InputError: there is no batch, their leaves differ, one holds a NaN or an infinity, or a number is not positive.

    >>> import jax, zkapex_jax
    >>> params = {"w": jnp.array([[1.0, -1.0], [0.5, 0.0], [0.0, 2.0]])}                # 3 features, 2 classes
    >>> mine = jax.random.normal(jax.random.key(0), (20, 3))
    >>> def loss(params, batch):
    ...     return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(batch["x"] @ params["w"]), batch["label"][:, None], 1))
    >>> def drawn(key):                                                                 # one class an example, drawn from the model
    ...     labels = jax.random.categorical(key, mine @ params["w"])
    ...     return zkapex_jax.per_example_gradients(loss, params, {"x": mine, "label": labels})
    >>> gradients = sketch_gradients(map(drawn, jax.random.split(jax.random.key(1), 10)), rows=4)
    >>> gradients["w"].shape                                                            # 200 gradients in 4 rows
    (4, 3, 2)
    >>> mask = {"w": jnp.zeros((3, 2), bool).at[0, 0].set(True)}
    >>> float(zkapex_jax.unlearn(params, mask, gradients, clip=False)["w"][0, 0])
    0.0
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError("must be an integer from 0 on", code="sketch", field="seed", value=seed)
    sketch: Sketch | None = None
    first: PyTree = None
    shapes: dict[str, tuple[int, ...]] = {}
    for batch in batches:
        leaves = leaves_of(batch)
        found = {path: jnp.shape(leaf)[1:] for path, leaf in leaves.items()}
        if sketch is None:
            _check(leaves)
            first, shapes = batch, found
            sizes = {path: np.empty(shape) for path, shape in shapes.items()}
            sketch = Sketch([(cut.start, cut.stop) for cut in cuts_of(sizes, blocks)], rows)
        if found != shapes:
            raise InputError("holds other leaves than the first", code="tree", field="batches", value=sorted(found))
        refuse_not_finite("batches", leaves)
        sketch.add(np.asarray(joined(leaves, 1), np.float32))
    if sketch is None:
        raise InputError("no gradient was added", code="sketch", field="batches")
    made = sketch.finish(seed)
    like = {path: jnp.zeros(shape, jnp.asarray(leaf).dtype) for (path, shape), leaf in zip(shapes.items(), leaves_of(first).values(), strict=True)}
    parts = [split(jnp.asarray(row), like) for row in made]
    return put_leaves(first, {path: jnp.stack([part[path] for part in parts]) for path in like})


def _check(leaves: Leaves) -> None:
    if not leaves or any(jnp.ndim(leaf) == 0 or not jnp.issubdtype(jnp.asarray(leaf).dtype, jnp.floating) for leaf in leaves.values()):
        raise InputError("must hold leaves of floats [n, *shape]", code="tree", field="batches", value=sorted(leaves))
