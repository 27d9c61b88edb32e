"""Accuracy of a model by data set and by class, in jitted batches of one shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.examples import Examples

BATCH = 64


@dataclass(frozen=True)
class SetAccuracy:
    """Accuracy 0 to 1 over the examples of a set, and over those of each class that occurs (classifiers only)."""

    accuracy: float
    examples: int
    by_class: Mapping[int, float]


@dataclass(frozen=True)
class Evaluation:
    """Accuracy of one model on each named set."""

    sets: Mapping[str, SetAccuracy]

    def accuracy(self, name: str) -> float:
        """Accuracy on a set, 0 to 1."""
        return self.sets[name].accuracy


def evaluate(model: Model, params: Any, sets: Mapping[str, Examples], batch: int = BATCH) -> Evaluation:
    """Accuracy on every set; each set holds fields [N, ...] that fit the model.

    Raises:
        InputError: a set is empty, or its fields differ in length; or `batch` is below 1.
    """
    if type(batch) is not int or batch < 1:
        raise InputError("must be a positive integer", code="batch", field="batch", value=batch)
    return Evaluation({name: _evaluate_set(model, params, name, examples, batch) for name, examples in sets.items()})


def example_hits(model: Model, params: Any, examples: Examples, batch: int = BATCH) -> np.ndarray:
    """Accuracy [N] of each example, 0 to 1."""
    return in_batches(_kernel(model), params, examples, batch)


def in_batches(kernel: Callable[[Any, Examples], jax.Array], params: Any, examples: Examples, batch: int = BATCH) -> np.ndarray:
    """`kernel(params, examples)` [batch] over all examples, float64 [N], in jitted batches of one shape: the last batch is filled
    up with its last example."""
    count = len(next(iter(examples.values())))
    values = np.empty(count, np.float64)
    for start in range(0, count, batch):
        chosen = np.minimum(np.arange(start, start + batch), count - 1)
        part = np.asarray(kernel(params, {field: array[chosen] for field, array in examples.items()}))
        values[start : start + batch] = part[: count - start]
    return values


@lru_cache(maxsize=8)
def _kernel(model: Model) -> Any:
    return jax.jit(model.hits)


def _evaluate_set(model: Model, params: Any, name: str, examples: Examples, batch: int) -> SetAccuracy:
    counts = {len(array) for array in examples.values()}
    if len(counts) != 1 or 0 in counts:
        raise InputError("fields must hold the same number of examples, at least one", code="examples", field=name,
                         value=sorted(counts))  # fmt: skip
    hits = example_hits(model, params, examples, batch)
    return SetAccuracy(float(hits.mean()), len(hits), _by_class(hits, examples.get("labels")))


def _by_class(hits: np.ndarray, labels: np.ndarray | None) -> dict[int, float]:
    if labels is None or np.ndim(labels) != 1:  # tokens have no class
        return {}
    return {int(label): float(hits[labels == label].mean()) for label in np.unique(labels)}
