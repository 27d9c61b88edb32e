"""Models and data sets that a user names, loaded and checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.formats.arrays import load_arrays
from zkapex_jax.models import check_examples, flatten, load_checkpoint, select_targets
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.examples import Examples
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.quantize import to_fixed


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A checkpoint and the target tensors of it."""

    folder: Path
    model: Model
    params: Any
    layout: TargetLayout

    @property
    def theta(self) -> np.ndarray:
        """Target weights, float32 [W]."""
        return flatten(self.params, self.layout)


def load_model(folder: Path, target: str) -> LoadedModel:
    """Load a checkpoint and select its target tensors."""
    model, params = load_checkpoint(folder)
    return LoadedModel(folder, model, params, select_targets(params, target))


def check_weights(loaded: LoadedModel) -> np.ndarray:
    """Target weights in fixed point, int32 [W]. Raises InputError, naming the checkpoint, if one does not fit."""
    try:
        return to_fixed(loaded.theta)
    except InputError as error:
        raise error.in_file(loaded.folder) from error


def load_examples(path: Path, model: Model) -> Examples:
    """A data set: {pixel_values f32, labels i32} for ViT, {input_ids i32} for OPT, as safetensors."""
    try:
        return check_examples(model, load_arrays(path))
    except InputError as error:
        raise error.in_file(path) from error


def draw(examples: Examples, count: int, seed: int, path: Path) -> Examples:
    """`count` examples without repetition, chosen by the seed. Raises InputError if there are fewer."""
    held = len(next(iter(examples.values())))
    if held < count:
        raise InputError(
            f"must hold at least {count} examples, one for each gradient row", code="examples", file=path, value=held
        )
    chosen = np.sort(np.random.default_rng(seed).permutation(held)[:count])
    return {field: array[chosen] for field, array in examples.items()}
