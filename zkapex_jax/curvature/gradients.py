"""Per-example gradients with respect to the target weights alone, a micro-batch at a time.

Only the target tensors are differentiated; the rest of the model is an argument without gradient. At any time one
micro-batch of rows exists beside the model: micro_batch · W float32 values. Results go straight to `out`, which may
be a file on disk (`storage.create_rows`), whose pages are let go block by block. The model goes to the device once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.scratch import release
from zkapex_jax.models.order import as_tensor
from zkapex_jax.models.targets import TargetLayout, put_targets, take_targets

#: Mean loss of a batch; called with batches of one example, `loss_fn(params, batch) -> scalar`.
LossFunction = Callable[[Any, Mapping[str, Any]], jax.Array]
Examples = Mapping[str, np.ndarray]
#: Told after each block: examples done, examples in all.
OnBlock = Callable[[int, int], None]


@dataclass(frozen=True)
class GradientBlock:
    """Gradients of examples start to start + count, one array [count, *shape] a target tensor."""

    start: int
    count: int
    tensors: Mapping[str, np.ndarray]


@lru_cache(maxsize=16)
def gradient_kernel(loss_fn: LossFunction) -> Callable[..., dict[str, jax.Array]]:
    """Jitted `(targets, params, block) -> gradients`: vmap of grad over the leading axis of `block`.

    Cached by the identity of `loss_fn`, so that calls with one function and equal shapes compile once.
    """

    def loss_of_one(targets: Any, params: Any, example: Any) -> jax.Array:
        batch_of_one = jax.tree_util.tree_map(lambda leaf: leaf[None], example)
        return loss_fn(put_targets(params, targets), batch_of_one)

    return jax.jit(jax.vmap(jax.grad(loss_of_one), in_axes=(None, None, 0)))


def gradient_blocks(loss_fn: LossFunction, params: Any, layout: TargetLayout, examples: Examples,
                    micro_batch: int, on_block: OnBlock | None = None) -> Iterator[GradientBlock]:  # fmt: skip
    """Stream the gradients of all examples in order, at most `micro_batch` examples a block.

    A block's arrays may be gone when the next one is asked for.

    Raises:
        InputError: no example, uneven fields, a `micro_batch` below 1, or a gradient that is not finite.
    """
    count = count_examples(examples)
    params = jax.device_put(params)
    targets = take_targets(params, layout)
    if type(micro_batch) is not int or micro_batch < 1:
        raise InputError("must be a positive integer", code="micro_batch", field="micro_batch", value=micro_batch)
    size, kernel = min(micro_batch, count), gradient_kernel(loss_fn)
    for start in range(0, count, size):
        held = min(size, count - start)
        # the last block is filled up with its last example, so that one compiled shape serves all
        chosen = np.minimum(np.arange(start, start + size), count - 1)
        block = {field: np.asarray(array)[chosen] for field, array in examples.items()}
        tensors = {path: np.asarray(part)[:held] for path, part in kernel(targets, params, block).items()}
        _refuse_not_finite(tensors, start)
        yield GradientBlock(start, held, tensors)
        del tensors  # before the next block is computed: two of them never exist at once
        if on_block is not None:
            on_block(start + held, count)


def stream_gradients(loss_fn: LossFunction, params: Any, layout: TargetLayout, examples: Examples,
                     micro_batch: int = 8) -> Iterator[np.ndarray]:  # fmt: skip
    """The same, as float32 rows [≤ micro_batch, W] in the layout's order."""
    for block in gradient_blocks(loss_fn, params, layout, examples, micro_batch):
        rows = np.empty((block.count, layout.weights), np.float32)
        _fill(rows, block, layout)
        yield rows


def per_example_gradients(loss_fn: LossFunction, params: Any, layout: TargetLayout, examples: Examples,
                          micro_batch: int = 8, out: np.ndarray | None = None,
                          on_block: OnBlock | None = None) -> np.ndarray:  # fmt: skip
    """Rows [n, W], float32: the gradient of each example's loss with respect to the target weights.

    `loss_fn(params, batch)` is the mean loss of a batch; `examples` maps fields to arrays [n, ...].
    `out`, if given, is a float32 array [n, W] to fill and return.

    Raises:
        InputError: as `gradient_blocks`, or `out` has another shape or type.
    """
    shape = (count_examples(examples), layout.weights)
    rows = np.empty(shape, np.float32) if out is None else out
    if rows.shape != shape or rows.dtype != np.float32:
        raise InputError(f"must be float32 {shape}", code="shape", field="out", value=(rows.dtype, rows.shape))
    for block in gradient_blocks(loss_fn, params, layout, examples, micro_batch, on_block):
        _fill(rows[block.start : block.start + block.count], block, layout)
        del block
    return rows


def count_examples(examples: Examples) -> int:
    """n, the common length of all fields.

    Raises:
        InputError: there is no field or no example, or lengths differ.
    """
    counts = {len(array) for array in examples.values()}
    if len(counts) != 1 or 0 in counts:
        raise InputError("fields must hold the same number of examples, at least one", code="examples",
                         field="examples", value=sorted(counts))  # fmt: skip
    return counts.pop()


def _fill(rows: np.ndarray, block: GradientBlock, layout: TargetLayout) -> None:
    """Tensor by tensor, so that of a mapped file no more than one tensor's rows are ever resident."""
    for path, shape, place in layout.slices():
        as_tensor(rows[:, place], shape)[...] = block.tensors[path]
        release(rows)


def _refuse_not_finite(tensors: Mapping[str, np.ndarray], start: int) -> None:
    for path, part in tensors.items():
        finite = np.array([np.isfinite(example).all() for example in part])
        if not finite.all():
            raise InputError("gradient holds a NaN or an infinity", code="not_finite", field=path,
                             value=f"example {start + int(np.argmin(finite))}")  # fmt: skip
