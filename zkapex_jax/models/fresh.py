"""Models with fresh random weights, tensor by tensor: no network is run for it, and no second copy of the model is made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from flax.core import unfreeze
from flax.traverse_util import unflatten_dict

from zkapex_jax.models.adapter import Model
from zkapex_jax.models.configs import build_config, build_model
from zkapex_jax.models.targets import paths_of

Params = dict[str, Any]

_DEFAULT_RANGE = 0.02


def fresh_model(config: Mapping[str, Any], seed: int) -> tuple[Model, Params]:
    """A model from the keys of a `config.json`, its parameters on JAX's device.

    Norms scale by 1, biases are 0, all else is normal with the configuration's own standard deviation
    (`initializer_range` or `init_std`); each tensor depends on the seed and its path alone.

    Raises:
        InputError: the configuration is not served.
    """
    kind, parsed = build_config(config)
    model = build_model(kind, parsed, seed=seed)
    deviation = getattr(parsed, "initializer_range", getattr(parsed, "init_std", _DEFAULT_RANGE))
    shapes = {path: tuple(map(int, leaf.shape)) for path, leaf in paths_of(unfreeze(model.network.params_shape_tree)).items()}
    leaves = {tuple(path.split("/")): jax.device_put(_tensor(path, shape, deviation, seed)) for path, shape in shapes.items()}
    return model, unflatten_dict(leaves)


def _tensor(path: str, shape: tuple[int, ...], deviation: float, seed: int) -> np.ndarray:
    name = path.rpartition("/")[2]
    if name == "scale":
        return np.ones(shape, np.float32)
    if name == "bias":
        return np.zeros(shape, np.float32)
    values = generator(path, seed).standard_normal(shape, np.float32)
    values *= np.float32(deviation)
    return values


def generator(name: str, seed: int) -> np.random.Generator:
    """Random numbers that depend on a name and a seed alone, the same on every machine."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
