"""Checkpoint folders: `config.json` with Flax msgpack, or with safetensors in PyTorch's layout; whole or in shards."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax.core import unfreeze
from flax.serialization import to_bytes
from flax.traverse_util import unflatten_dict
from transformers import PretrainedConfig

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import PUBLIC_MODE, SECRET_MODE, make_directory, refuse_existing, write_bytes, write_text
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.configs import CONFIG_FILE, build_config, build_model, read_config
from zkapex_jax.models.targets import paths_of
from zkapex_jax.models.weight_files import FLAX_FILE, find_weights
from zkapex_jax.models.weights import read_weights

Params = dict[str, Any]


def new_model(config: Mapping[str, Any], seed: int) -> tuple[Model, Params]:
    """A randomly initialised model from the keys of a `config.json` (`model_type` among them).

    Raises:
        InputError: the configuration is not served.
    """
    kind, parsed = build_config(config)
    model = build_model(kind, parsed, seed=seed)
    network = model.network
    initialise = jax.jit(network.init_weights, static_argnums=1)  # op by op it takes several times as long
    params = initialise(jax.random.PRNGKey(seed), network.input_shape)
    return model, jax.tree_util.tree_map(np.asarray, unfreeze(params))


def load_checkpoint(folder: str | os.PathLike[str]) -> tuple[Model, Params]:
    """Model and float32 parameters from a local folder; nothing is fetched, nothing is unpickled.

    Raises:
        InputError: another architecture, a missing tensor, a wrong shape, a NaN or an infinity, or an unreadable file.
        StorageError: a file is missing or cannot be opened.
    """
    folder = Path(folder)
    kind, config = read_config(folder)
    model = described_model(folder, kind, config)
    weights = find_weights(folder)
    tensors = read_weights(weights, shapes_of(model), kind.network_class.base_model_prefix)
    params = _nest(tensors)
    try:
        check_params(model, params)
    except InputError as error:
        raise error.in_file(weights.main) from error
    return model, params


def described_model(folder: Path, kind: type[Model], config: PretrainedConfig) -> Model:
    """As `build_model`; errors name the folder's `config.json`."""
    try:
        return build_model(kind, config)
    except InputError as error:
        raise error.in_file(folder / CONFIG_FILE) from error


def check_params(model: Model, params: Mapping[str, Any]) -> None:
    """Compare a parameter tree with the architecture.

    Raises:
        InputError: a tensor is missing or unknown, has another shape, or holds a NaN or an infinity.
    """
    wanted, leaves = shapes_of(model), paths_of(params)
    for path in sorted(wanted.keys() ^ leaves.keys()):
        raise InputError("is missing" if path in wanted else "is not part of the model", code="checkpoint", field=path)
    for path, leaf in leaves.items():
        if tuple(leaf.shape) != wanted[path]:
            raise InputError(f"must have shape {wanted[path]}", code="checkpoint", field=path, value=leaf.shape)
        if not np.isfinite(np.asarray(leaf, np.float32)).all():
            raise InputError("holds a NaN or an infinity", code="not_finite", field=path)


def save_checkpoint(folder: str | os.PathLike[str], model: Model, params: Mapping[str, Any], *,
                    private: bool = False, force: bool = False) -> None:  # fmt: skip
    """Write `config.json` and `flax_model.msgpack`; a private model's files are the owner's alone (mode 0600).

    `rewriting_checkpoint.rewrite_checkpoint` writes a model back in the format that it came in.

    Raises:
        StorageError: a file exists and `force` is not given, or the system refuses.
    """
    folder, mode = make_directory(folder), SECRET_MODE if private else PUBLIC_MODE
    for name in (CONFIG_FILE, FLAX_FILE):
        refuse_existing(folder / name, force=force)
    write_bytes(folder / FLAX_FILE, to_bytes(jax.tree_util.tree_map(np.asarray, params)), force=force, mode=mode)
    write_text(folder / CONFIG_FILE, model.network.config.to_json_string(), force=force, mode=mode)


def shapes_of(model: Model) -> dict[str, tuple[int, ...]]:
    """Shape of each parameter, by path."""
    leaves = paths_of(unfreeze(model.network.params_shape_tree))
    return {path: tuple(map(int, leaf.shape)) for path, leaf in leaves.items()}


def _nest(tensors: Mapping[str, np.ndarray]) -> Params:
    return unflatten_dict({tuple(path.split("/")): tensor for path, tensor in tensors.items()})
