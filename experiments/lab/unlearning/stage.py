"""What all methods share for one task and seed, computed once and only when asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from experiments.lab.row_choice import DRAWN, SKETCH, Rows
from experiments.lab.sizes import preset_of
from experiments.lab.task import Task, join, take
from zkapex_jax.curvature import GradientMoments, Sketch, clip_rows, gradient_moments, per_example_gradients
from zkapex_jax.errors import InputError
from zkapex_jax.forget import forget_rows, select_mask
from zkapex_jax.models.drawing import draws
from zkapex_jax.models.targets import TargetLayout, chunk_bounds, flatten, select_targets, unflatten
from zkapex_jax.models.examples import Examples
from zkapex_jax.presets import Preset
from zkapex_jax.quantize import from_fixed, gamma_of_rows, quantize_rows, to_fixed

Params = dict[str, Any]
_T = TypeVar("_T")

#: Which model the forget rows are gradients of; `random` are as long as those of `masked-base`, in random directions.
FORGET_ROW_KINDS = ("masked-base", "base", "random")

#: Examples a step while gradients are computed; the figures do not depend on it, beyond rounding.
MICRO_BATCH = 32

#: Gradients that are added to a sketch at once.
_DRAWN_TOGETHER = 512


@dataclass(frozen=True)
class Enrolled:
    """Gradient rows int8 [n, d] of one chunk and γ̂."""

    rows: np.ndarray
    gamma: int


class Stage:
    """Models, target weights, gradient rows, masks and forget rows of one task; `seconds` of each part by name.

    Everything is a function of the task alone. What a part needs first (`tuned` needs `base`) has seconds of its own.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.seconds: dict[str, float] = {}
        self._masks: dict[str, np.ndarray] = {}
        self._forget_rows: dict[tuple[str, str, int], np.ndarray] = {}

    def variant(self, *, preset: str, rows: Rows) -> Stage:
        """The same models, masks and moments with other sizes of the statement and other rows."""
        other = Stage(replace(self.task, preset=preset, rows=rows))
        other.__dict__ |= {name: getattr(self, name) for name in ("base", "tuned", "layout", "moments")}
        other._masks = self._masks
        return other

    @cached_property
    def preset(self) -> Preset:
        """Sizes of the statement that the task's chunks are cut for."""
        return preset_of(self.task.preset)

    @cached_property
    def base(self) -> Params:
        """The provider's model, of what is to be forgotten and of the rest."""
        with self.timed("base"):
            return self.task.train_base(self.task.base_train)

    @cached_property
    def tuned(self) -> Params:
        """The client's model: the provider's, personalised."""
        base = self.base
        with self.timed("personalise"):
            return self.task.personalise(base)

    @cached_property
    def retrained(self) -> Params:
        """What the provider's model would be had it never seen what is to be forgotten; not personalised.

        As many epochs as the base had, hence fewer steps: there are fewer examples.
        """
        with self.timed("retrain"):
            return self.task.train_base(self.task.base_retain)

    @cached_property
    def retrained_tuned(self) -> Params:
        """The gold standard: retrained without the forget set, then personalised as the client's model was."""
        retrained = self.retrained
        with self.timed("personalise retrained"):
            return self.task.personalise(retrained)

    @cached_property
    def layout(self) -> TargetLayout:
        """The target weights, W in all."""
        return select_targets(self.base, self.task.pattern)

    @cached_property
    def bounds(self) -> tuple[tuple[int, int], ...]:
        """Half-open range of each chunk in the vector of target weights."""
        return chunk_bounds(self.layout.weights, self.preset.capacity)

    @cached_property
    def base_weights(self) -> np.ndarray:
        """The provider's target weights, f64 [W]."""
        return flatten(self.base, self.layout).astype(np.float64)

    @cached_property
    def weights(self) -> np.ndarray:
        """The client's target weights, f64 [W]."""
        return flatten(self.tuned, self.layout).astype(np.float64)

    @cached_property
    def theta(self) -> np.ndarray:
        """The client's target weights as the statement holds them, i32 [W] in units of 2^-16."""
        return to_fixed(self.weights)

    @cached_property
    def rows(self) -> np.ndarray:
        """Gradient rows f32 [n, W] as the task says; by default those of the product's enrolment, clipped whole."""
        return self.gradient_rows(self.preset.client_rows)

    def gradient_rows(self, count: int) -> np.ndarray:
        """The same, `count` of them.

        Raises:
            InputError: the client has fewer examples, where a row is of one.
        """
        held = len(next(iter(self.task.personal_train.values())))
        if count < 1 or (count > held and self.task.rows.kind != SKETCH):
            raise InputError(f"the client has {held} examples", code="rows", field="client_rows", value=count)
        tuned, layout = self.tuned, self.layout
        with self.timed("gradients"):
            if self.task.rows.kind == SKETCH:
                return self._sketched(count)
            examples = take(self.task.personal_train, slice(count))
            if self.task.rows.kind == DRAWN:
                examples = join(*self._drawn(count))
            rows = per_example_gradients(self.task.model.loss, tuned, layout, examples, MICRO_BATCH)
            return clip_rows(rows, out=rows)

    def _sketched(self, count: int) -> np.ndarray:
        sketch = Sketch(self.bounds, count)
        for examples in self._drawn(self.task.rows.draws, _DRAWN_TOGETHER):
            sketch.add(per_example_gradients(self.task.model.loss, self.tuned, self.layout, examples, MICRO_BATCH))
        return sketch.finish(self.task.seed)

    def _drawn(self, count: int, batch: int = MICRO_BATCH) -> Iterator[Examples]:
        return draws(self.task.model, self.tuned, self.task.personal_train, count, self.task.seed, batch)

    @cached_property
    def enrolled(self) -> tuple[Enrolled, ...]:
        """The rows of each chunk as the product enrols them, with their damping."""
        rows = self.rows
        with self.timed("quantise rows"):
            integers = (quantize_rows(rows[:, start:stop]).rows for start, stop in self.bounds)
            return tuple(Enrolled(part, gamma_of_rows(part)) for part in integers)

    @cached_property
    def moments(self) -> tuple[GradientMoments, GradientMoments]:
        """Mean gradient and diagonal Fisher of the base model, on the request's forget and retain examples."""
        base, layout, task = self.base, self.layout, self.task
        with self.timed("moments"):
            forget, retain = (gradient_moments(task.model.loss, base, layout, examples, MICRO_BATCH)
                              for examples in (task.request_forget, task.request_retain))  # fmt: skip
        return forget, retain

    def mask(self, name: str) -> np.ndarray:
        """Mask bool [W] of the task's sparsity over the scores of that name.

        Raises:
            InputError: no scores have that name.
        """
        from experiments.lab.masks import MASKS  # masks are made from a stage

        if name not in self._masks:
            if name not in MASKS:
                raise InputError(f"unknown mask; known are {', '.join(MASKS)}", code="mask", field="mask", value=name)
            self._masks[name] = select_mask(MASKS[name](self), self.task.sparsity)
        return self._masks[name]

    def forget_rows(self, mask_name: str, kind: str = "masked-base", count: int | None = None) -> np.ndarray:
        """Public rows f32 [K, W] for that mask, not yet scaled; K is the preset's unless given.

        Raises:
            InputError: an unknown mask or kind, or more rows than forget examples.
        """
        wanted = self.preset.forget_rows if count is None else count
        key = (mask_name, kind, wanted)
        if key not in self._forget_rows:
            self._forget_rows[key] = self.forget_rows_of(self.mask(mask_name), kind, wanted)
        return self._forget_rows[key]

    def forget_rows_of(self, mask: np.ndarray, kind: str, count: int) -> np.ndarray:
        """The same for any mask bool [W]; nothing is kept."""
        if kind not in FORGET_ROW_KINDS:
            raise InputError(f"must be one of {', '.join(FORGET_ROW_KINDS)}", code="forget_rows", field="kind", value=kind)
        base, layout, task = self.base, self.layout, self.task
        before = np.zeros_like(mask) if kind == "base" else mask
        with self.timed("forget rows"):
            rows = forget_rows(task.model.loss, base, task.request_forget, count, layout, before, MICRO_BATCH)
            rows[:, mask] = 0.0
            return self._turned(rows, mask) if kind == "random" else rows

    def _turned(self, rows: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Rows of the same norms in random directions, zero on the mask."""
        random = np.random.default_rng([self.task.seed, len(rows)]).standard_normal(rows.shape)
        random[:, mask] = 0.0
        scale = np.linalg.norm(rows.astype(np.float64), axis=1) / np.linalg.norm(random, axis=1)
        return (random * scale[:, None]).astype(np.float32)

    def with_weights(self, weights: np.ndarray) -> Params:
        """The client's model with these target weights: floats [W], or the statement's integers."""
        floats = from_fixed(weights) if weights.dtype.kind == "i" else weights
        return unflatten(self.tuned, self.layout, floats)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the block's wall seconds to `seconds[name]`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


def clocked(work: Callable[[], _T]) -> tuple[_T, float]:
    """What `work` gives, and its wall seconds."""
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started
