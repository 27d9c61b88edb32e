"""Forget rows H: public curvature rows of the deletion request that keep compensation from undoing the forgetting."""

from __future__ import annotations

from typing import Any

import numpy as np

from zkapex_jax.curvature.gradients import Examples, LossFunction, count_examples, stream_gradients
from zkapex_jax.errors import InputError
from zkapex_jax.models.targets import TargetLayout, flatten, unflatten


def forget_rows(loss_fn: LossFunction, params: Any, examples: Examples, count: int, layout: TargetLayout,
                mask: np.ndarray, micro_batch: int = 8) -> np.ndarray:  # fmt: skip
    """K rows f32 [K, W] of the base model `params`: mean gradients of the forget loss over K disjoint groups.

    The gradients are those of the *masked* base model (this function zeroes the masked weights itself), and are
    zeroed on the mask [W]. Groups are even; labelled examples are sorted by class first, so that groups are as pure
    as they can be (gradients of two classes partly cancel in one mean). The scale is that of the loss, in nats a unit of
    weight; `quantize` brings rows to the public integer scale. Memory is the model and (micro_batch + 2 K) W values.

    Raises:
        InputError: K is below 1 or above the number of examples, the mask has another shape, or a gradient is not finite.
    """
    total = count_examples(examples)
    if type(count) is not int or not 1 <= count <= total:
        raise InputError(f"must be an integer from 1 to the number of forget examples, {total}", code="forget_rows",
                         field="count", value=count)  # fmt: skip
    masked = masked_params(params, layout, mask)
    groups, rows, done = group_examples(examples, count), np.zeros((count, layout.weights), np.float64), 0
    for block in stream_gradients(loss_fn, masked, layout, examples, micro_batch):
        for index, row in enumerate(block, start=done):
            rows[groups[index]] += row
        done += len(block)
    rows /= np.bincount(groups)[:, None]
    rows[:, mask] = 0.0
    return rows.astype(np.float32)


def group_examples(examples: Examples, count: int) -> np.ndarray:
    """Group [N], from 0 to count - 1, of each example: even runs of the examples in order of class, then of place."""
    total, labels = count_examples(examples), examples.get("labels")
    order = np.argsort(labels, kind="stable") if labels is not None and np.ndim(labels) == 1 else np.arange(total)
    groups = np.empty(total, np.int64)
    groups[order] = np.arange(total) * count // total
    return groups


def masked_params(params: Any, layout: TargetLayout, mask: np.ndarray) -> dict[str, Any]:
    """A copy of the parameters with the masked target weights zeroed; `mask` is bool [W].

    Raises:
        InputError: the mask has another shape or type, or the parameters do not fit the layout.
    """
    mask = np.asarray(mask)
    if mask.shape != (layout.weights,) or mask.dtype != np.bool_:
        raise InputError(f"must be booleans of shape ({layout.weights},)", code="shape", field="mask",
                         value=(mask.dtype, mask.shape))  # fmt: skip
    return unflatten(params, layout, np.where(mask, 0.0, flatten(params, layout)))
