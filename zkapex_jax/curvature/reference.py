"""The obvious twins, in NumPy float64: one example at a time, one weight at a time."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np

from zkapex_jax.curvature.gradients import Examples, LossFunction, count_examples
from zkapex_jax.models.targets import TargetLayout, flatten


def per_example_gradients(loss_fn: LossFunction, params: Any, layout: TargetLayout, examples: Examples) -> np.ndarray:
    """Rows [n, W] float64: differentiate by every parameter, example by example, and keep the targets."""
    rows, gradient = [], jax.jit(jax.grad(loss_fn))
    for index in range(count_examples(examples)):
        batch = {field: np.asarray(array)[index : index + 1] for field, array in examples.items()}
        rows.append(flatten(gradient(params, batch), layout).astype(np.float64))
    return np.stack(rows)


def row_norms(rows: np.ndarray) -> list[float]:
    """Euclidean norm of each row."""
    return [math.sqrt(math.fsum(float(cell) ** 2 for cell in row)) for row in rows]


def clip_rows(rows: np.ndarray) -> np.ndarray:
    """Rows brought down to the median of the norms that are not zero."""
    norms = row_norms(rows)
    positive = sorted(norm for norm in norms if norm > 0)
    middle = len(positive) // 2
    median = positive[middle] if len(positive) % 2 else (positive[middle - 1] + positive[middle]) / 2
    return np.stack([row * (median / norm) if norm > median else row for row, norm in zip(rows, norms, strict=True)])


def damping(rows: np.ndarray) -> float:
    """γ = tr(GᵀG) / (32 n)."""
    return math.fsum(norm**2 for norm in row_norms(rows)) / (32 * len(rows))


def gradient_moments(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and mean square of each column."""
    mean = [math.fsum(column) / len(rows) for column in rows.T]
    fisher = [math.fsum(cell**2 for cell in column) / len(rows) for column in rows.T]
    return np.array(mean), np.array(fisher)
