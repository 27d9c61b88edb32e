"""A model's target tensors, and what the client's gradients will take: a few of them are computed on made-up examples."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flax.core import unfreeze
from transformers import PretrainedConfig

from zkapex_jax.curvature import clip_rows, create_rows, per_example_gradients
from zkapex_jax.errors import InputError
from zkapex_jax.formats.scratch import release
from zkapex_jax.models import Model, load_checkpoint, select_targets
from zkapex_jax.models.configs import build_config, build_model, read_config
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.workflow.memory import own_peak, reset_peak
from zkapex_jax.workflow.scale.models import SCALE_MODELS, base_params, examples

DEFAULT_MICRO_BATCH = 8

#: Blocks of gradients that are computed: the first compiles, the others are timed.
_BLOCKS = 3


@dataclass(frozen=True, eq=False)
class KnownModel:
    """Targets of a model, how many gradients are computed at once, and how to load it: its shapes need no weights."""

    layout: TargetLayout
    micro_batch: int
    load: Callable[[], tuple[Model, dict[str, Any]]]


@dataclass(frozen=True)
class GradientCost:
    """Seconds and peak memory of `rows` gradient rows in this process."""

    rows: int
    seconds: float
    memory_bytes: int | None


def known_model(name: str, target: str | None, micro_batch: int | None = None) -> KnownModel:
    """A published size by name (`vit-b16`, `opt-125m`), with fresh weights, or a checkpoint folder with a `target` pattern.

    Raises InputError for a folder without a pattern, a malformed checkpoint, or a pattern that matches nothing.
    """
    if name in SCALE_MODELS:
        size = SCALE_MODELS[name]
        layout = _layout(*build_config(size.config), target or size.pattern)
        return KnownModel(layout, micro_batch or size.micro_batch, lambda: base_params(size, None, 0))
    if target is None:
        raise InputError(
            "a checkpoint needs a pattern of target tensors", field="target", hint=f"or name one of {', '.join(SCALE_MODELS)}"
        )
    layout = _layout(*read_config(Path(name)), target)
    return KnownModel(layout, micro_batch or DEFAULT_MICRO_BATCH, lambda: load_checkpoint(name))


def _layout(kind: type[Model], config: PretrainedConfig, target: str) -> TargetLayout:
    return select_targets(unfreeze(build_model(kind, config).network.params_shape_tree), target)


def gradient_cost(known: KnownModel, rows: int, folder: Path | None = None) -> GradientCost:
    """Time a few blocks of gradients, their way to a file in `folder` and their clipping; predict `rows` of them."""
    sample = known.micro_batch * _BLOCKS
    model, params = known.load()
    some = examples(model, "estimate", sample, 0)
    measures, ends = reset_peak(), [time.perf_counter()]
    with tempfile.TemporaryDirectory(prefix="zkapex-estimate-", dir=folder) as passing:
        out = create_rows(Path(passing) / "rows.f32", sample, known.layout.weights)
        per_example_gradients(
            model.loss, params, known.layout, some, known.micro_batch, out=out,
            on_block=lambda done, total: ends.append(time.perf_counter()),
        )  # fmt: skip
        clipping = time.perf_counter()
        clip_rows(out, out=out)
        clipped = time.perf_counter() - clipping
        release(out)
    per_block = (ends[-1] - ends[1]) / (len(ends) - 2)
    first = max(0.0, ends[1] - ends[0] - per_block)
    blocks = -(-rows // known.micro_batch)
    return GradientCost(rows, first + blocks * per_block + clipped * rows / sample, own_peak() if measures else None)
