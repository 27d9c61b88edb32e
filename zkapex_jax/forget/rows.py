"""Forget rows H: public curvature rows of the deletion request that keep compensation from undoing the forgetting."""

from __future__ import annotations

import os
from typing import Any

import jax
import numpy as np

from zkapex_jax.curvature.gradients import Examples, GradientBlock, LossFunction, OnBlock, count_examples, gradient_blocks
from zkapex_jax.errors import InputError
from zkapex_jax.formats.scratch import release, scratch_array
from zkapex_jax.models.order import as_tensor
from zkapex_jax.models.targets import TargetLayout, put_targets, take_targets


def forget_rows(loss_fn: LossFunction, params: Any, examples: Examples, count: int, layout: TargetLayout,
                mask: np.ndarray, micro_batch: int = 8, scratch: str | os.PathLike[str] | None = None,
                on_block: OnBlock | None = None) -> np.ndarray:  # fmt: skip
    """K rows f32 [K, W] of the base model `params`: mean gradients of the forget loss over K disjoint groups.

    The gradients are those of the *masked* base model (this function zeroes the masked weights itself), and are
    zeroed on the mask [W]. Groups are even; labelled examples are sorted by class first, so that groups are as pure
    as they can be (gradients of two classes partly cancel in one mean). The scale is that of the loss, in nats a unit of
    weight; `quantize` brings rows to the public integer scale. Memory is the model, its target weights once more and
    micro_batch · W values, and K W more without `scratch`, a folder for the rows (4 K W bytes, in a file without a name).

    Raises:
        InputError: K is below 1 or above the number of examples, the mask has another shape, or a gradient is not finite.
        StorageError: `scratch` has no room.
    """
    total = count_examples(examples)
    if type(count) is not int or not 1 <= count <= total:
        raise InputError(f"must be an integer from 1 to the number of forget examples, {total}", code="forget_rows",
                         field="count", value=count)  # fmt: skip
    masked = masked_params(params, layout, mask)
    groups, rows = group_examples(examples, count), scratch_array((count, layout.weights), np.float32, scratch)
    shares = (1 / np.bincount(groups)).astype(np.float32)
    for block in gradient_blocks(loss_fn, masked, layout, examples, micro_batch, on_block):
        _add(rows, block, layout, groups, shares)
        del block
    for row in rows:
        row[mask] = 0.0
        release(rows)
    return rows


def _add(rows: np.ndarray, block: GradientBlock, layout: TargetLayout, groups: np.ndarray, shares: np.ndarray) -> None:
    """Add each example's gradient, weighed by its share in its group's mean."""
    for path, shape, place in layout.slices():
        for index, example in enumerate(block.tensors[path], start=block.start):
            as_tensor(rows[groups[index], place], shape)[...] += shares[groups[index]] * example
        release(rows)


def group_examples(examples: Examples, count: int) -> np.ndarray:
    """Group [N], from 0 to count - 1, of each example: even runs of the examples in order of class, then of place."""
    total, labels = count_examples(examples), examples.get("labels")
    order = np.argsort(labels, kind="stable") if labels is not None and np.ndim(labels) == 1 else np.arange(total)
    groups = np.empty(total, np.int64)
    groups[order] = np.arange(total) * count // total
    return groups


def masked_params(params: Any, layout: TargetLayout, mask: np.ndarray) -> dict[str, Any]:
    """A copy of the parameters with the masked target weights zeroed, these on JAX's device; `mask` is bool [W].

    A tensor in which they are zero already is shared, as every other is: masking twice makes no second copy.

    Raises:
        InputError: the mask has another shape or type, or the parameters do not fit the layout.
    """
    mask = np.asarray(mask)
    if mask.shape != (layout.weights,) or mask.dtype != np.bool_:
        raise InputError(f"must be booleans of shape ({layout.weights},)", code="shape", field="mask",
                         value=(mask.dtype, mask.shape))  # fmt: skip
    targets = take_targets(params, layout)
    # each tensor goes to the device before the next is masked: the host never holds all of them
    kept = {path: _masked(targets[path], as_tensor(mask[place], shape)) for path, shape, place in layout.slices()}
    return put_targets(params, kept)


def _masked(tensor: Any, mask: np.ndarray) -> Any:
    if not np.asarray(tensor)[mask].any():
        return tensor
    kept = np.array(tensor)
    kept[mask] = 0
    return jax.device_put(kept)
