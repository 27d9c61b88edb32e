"""A sample of chunks of a large model, as a model of its own.

The sampled chunks become parameters beside the model's; before the loss is computed they are written into the tensors
that they were cut from. Everything else (gradients, masks, forget rows, enrolment, proofs) then works on the sample as
on any model: chunks have the sizes that they have in the whole, and only their gradients exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from zkapex_jax.curvature.gradients import LossFunction
from zkapex_jax.errors import InputError
from zkapex_jax.models import put_targets, select_targets, take_targets
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.models.order import as_tensor, as_vector
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import ChunkedLayout

PATTERN = "sample/*"


@dataclass(frozen=True, eq=False)
class Sampled:
    """Parameters, loss and targets of the sample, the size of the whole, and the chunks of the whole that were taken."""

    loss: LossFunction
    params: dict[str, Any]
    layout: TargetLayout
    whole: ChunkedLayout
    chunks: tuple[int, ...]


def whole_model(loss: LossFunction, params: dict[str, Any], layout: TargetLayout, preset: Preset) -> Sampled:
    """All chunks: nothing is changed."""
    cut = ChunkedLayout.cut(layout, preset)
    return Sampled(loss, params, layout, cut, tuple(range(len(cut.chunks))))


def sample(loss: LossFunction, params: dict[str, Any], layout: TargetLayout, preset: Preset, count: int) -> Sampled:
    """The last `count` chunks of the vector of targets, so that gradients need not be carried through the whole network.

    Raises:
        InputError: `count` is below 1, or the whole has fewer chunks.
    """
    cut = ChunkedLayout.cut(layout, preset)
    if not 1 <= count <= len(cut.chunks):
        raise InputError(f"must be from 1 to {len(cut.chunks)}, the chunks of the model", code="out_of_range", field="chunks", value=count)
    chunks = tuple(range(len(cut.chunks) - count, len(cut.chunks)))
    places = {f"chunk-{chunk:05}": cut.bounds(chunk) for chunk in chunks}
    pieces = {name: jax.device_put(_cut_out(params, layout, *bounds)) for name, bounds in places.items()}
    targets, touched = {"sample": pieces}, _touched(layout, places)

    def sampled_loss(joined: Any, batch: Mapping[str, Any]) -> jax.Array:
        rest = {name: part for name, part in joined.items() if name != "sample"}
        return loss(_joined(rest, joined["sample"], layout, places, touched), batch)

    return Sampled(sampled_loss, {**params, **targets}, select_targets(targets, PATTERN), cut, chunks)


def _touched(layout: TargetLayout, places: Mapping[str, tuple[int, int]]) -> list[str]:
    return [path for path, _, place in layout.slices() if any(_overlap(place, bounds) for bounds in places.values())]


def _overlap(place: slice, bounds: tuple[int, int]) -> tuple[int, int] | None:
    """Half-open range of the vector that lies in both."""
    start, stop = max(place.start, bounds[0]), min(place.stop, bounds[1])
    return (start, stop) if start < stop else None


def _cut_out(params: dict[str, Any], layout: TargetLayout, start: int, stop: int) -> np.ndarray:
    tensors, piece = take_targets(params, layout), np.empty(stop - start, np.float32)
    for path, _, place in layout.slices():
        if both := _overlap(place, (start, stop)):
            flat = as_vector(np.asarray(tensors[path]))
            piece[both[0] - start : both[1] - start] = flat[both[0] - place.start : both[1] - place.start]
    return piece


def _joined(
    params: dict[str, Any], pieces: Mapping[str, Any], layout: TargetLayout, places: Mapping[str, tuple[int, int]], touched: list[str]
) -> dict[str, Any]:
    """The model's parameters with the pieces written into their tensors."""
    tensors, changed = take_targets(params, layout), {}
    for path, shape, place in layout.slices():
        if path in touched:
            flat = as_vector(tensors[path])
            for name, bounds in places.items():
                if both := _overlap(place, bounds):
                    part = pieces[name][both[0] - bounds[0] : both[1] - bounds[0]]
                    flat = jax.lax.dynamic_update_slice(flat, part, (both[0] - place.start,))
            changed[path] = as_tensor(flat, shape)
    return put_targets(params, changed)
