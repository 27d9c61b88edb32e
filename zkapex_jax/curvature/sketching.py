"""Gradient rows that sum up many gradients with drawn labels, from a model and examples, at the memory of one micro-batch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from zkapex_jax.curvature.gradients import Examples, count_examples, per_example_gradients
from zkapex_jax.curvature.kept import KeptSketch, state_bytes
from zkapex_jax.curvature.sketch import EXACT, Sketch
from zkapex_jax.errors import InputError
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.drawing import draws
from zkapex_jax.models.targets import TargetLayout

#: Told after each block of draws: drawn so far, drawn in all, and how many of them an earlier run had done.
OnDraws = Callable[[int, int, int], None]


def sketched_rows(model: Model, params: Any, layout: TargetLayout, examples: Examples, bounds: Sequence[tuple[int, int]], rows: int, *,
                  count: int, seed: int = 0, micro_batch: int = 8, out: np.ndarray | None = None, kept: Path | None = None,
                  on_draws: OnDraws | None = None) -> np.ndarray:  # fmt: skip
    """Rows f32 [n, W] that sum up `count` gradients with labels drawn from the model, chunk by chunk (`Sketch`).

    The examples serve in turn, as often as needed. Rows depend on the seed, not on `micro_batch`. `out`, if given, holds each
    n gradients before they are summed up, and is filled and returned: mapped from a file, it leaves nothing in memory that
    grows with W or `count`. With a folder `kept`, what was drawn is kept there, also from before: another call with the same
    arguments goes on; the caller removes it (`kept.remove`).

    Raises:
        InputError: as `draws`, `Sketch`, `per_example_gradients`; or `out` has another shape. StorageError: no room in `kept`.
    """
    block = np.empty((rows, layout.weights), np.float32) if out is None else out
    if block.shape != (rows, layout.weights) or block.dtype != np.float32:
        raise InputError(f"must be float32 {(rows, layout.weights)}", code="shape", field="out", value=(block.dtype, block.shape))
    count_examples(examples)
    if type(count) is not int or count < 1:
        raise InputError("must be a positive integer", code="draws", field="count", value=count)
    exact = kept_whole(rows)
    if kept is None:
        sketch: Sketch | KeptSketch = Sketch(bounds, rows, exact=exact)
    else:
        digest = _digest(model, params, examples, (layout.tensors, tuple(bounds), rows, count, seed))
        sketch = KeptSketch.open(kept, digest, bounds, rows, exact=exact)
    params, before = jax.device_put(params), sketch.count
    if on_draws is not None:
        on_draws(before, count, before)
    for start in range(before, count, rows):
        held = min(rows, count - start)
        parts = list(draws(model, params, dict(examples), start + held, seed, micro_batch, first=start, each=True))
        drawn = {field: np.concatenate([part[field] for part in parts]) for field in parts[0]}
        told = None if on_draws is None else _shifted(on_draws, start, count, before)
        per_example_gradients(model.loss, params, layout, drawn, micro_batch, out=block[:held], on_block=told)
        sketch.add(block[:held])
    return sketch.finish(seed, block)


def kept_whole(rows: int) -> int:
    """Weights of a chunk up to which the whole matrix is kept: where it takes no more than twice what two sets of rows do."""
    return min(EXACT, 4 * rows)


def sketch_bytes(bounds: Sequence[tuple[int, int]], rows: int) -> int:
    """Disk that the folder `kept` takes up."""
    return state_bytes(bounds, rows, exact=kept_whole(rows))


def _shifted(on_draws: OnDraws, start: int, count: int, before: int) -> Callable[[int, int], None]:
    return lambda done, _: on_draws(start + done, count, before)


def _digest(model: Model, params: Any, examples: Examples, sizes: tuple[object, ...]) -> str:
    """Of all that the rows depend on, but for how they are computed."""
    digest = hashlib.sha256(f"{model.network.config.to_json_string()} {sizes}".encode())
    leaves = [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(params)]
    for name, leaf in [*leaves, *sorted(examples.items())]:
        array = np.ascontiguousarray(leaf)
        digest.update(f"{name} {array.dtype} {np.shape(leaf)} ".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
