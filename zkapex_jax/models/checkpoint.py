"""Checkpoint folders: `config.json` with `flax_model.msgpack`, or with `model.safetensors` in PyTorch's layout."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax.core import unfreeze
from flax.serialization import to_bytes

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats.atomic import PUBLIC_MODE, SECRET_MODE, make_directory, refuse_existing, write_bytes, write_text
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.configs import CONFIG_FILE, build_config, read_config
from zkapex_jax.models.targets import paths_of

FLAX_FILE = "flax_model.msgpack"
SAFETENSORS_FILE = "model.safetensors"

Params = dict[str, Any]


def new_model(config: Mapping[str, Any], seed: int) -> tuple[Model, Params]:
    """A randomly initialised model from the keys of a `config.json` (`model_type` among them).

    Raises:
        InputError: the configuration is not served.
    """
    kind, parsed = build_config(config)
    network = kind.network_class(parsed, seed=seed, _do_init=False)
    initialise = jax.jit(network.init_weights, static_argnums=1)  # op by op it takes several times as long
    params = initialise(jax.random.PRNGKey(seed), network.input_shape)
    return kind(network), jax.tree_util.tree_map(np.asarray, unfreeze(params))


def load_checkpoint(folder: str | os.PathLike[str]) -> tuple[Model, Params]:
    """Model and float32 parameters from a local folder; nothing is fetched, nothing is unpickled.

    Raises:
        InputError: another architecture, a missing tensor, a wrong shape, a NaN or an infinity, or an unreadable file.
        StorageError: a file is missing or cannot be opened.
    """
    folder = Path(folder)
    kind, config = read_config(folder)
    weights = _weights_file(folder)
    try:
        network, params = kind.network_class.from_pretrained(
            str(folder), config=config, local_files_only=True, _do_init=False
        )
    except Exception as error:  # the parsers of hostile bytes raise whatever they like
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(f"is not a {kind.architecture} checkpoint: {reason}", code="checkpoint", file=weights) from error
    model = kind(network)
    return model, _checked(model, unfreeze(params), weights)


def check_params(model: Model, params: Mapping[str, Any]) -> None:
    """Compare a parameter tree with the architecture.

    Raises:
        InputError: a tensor is missing or unknown, has another shape, or holds a NaN or an infinity.
    """
    wanted, leaves = paths_of(unfreeze(model.network.params_shape_tree)), paths_of(params)
    for path in sorted(wanted.keys() ^ leaves.keys()):
        raise InputError("is missing" if path in wanted else "is not part of the model", code="checkpoint", field=path)
    for path, leaf in leaves.items():
        if tuple(leaf.shape) != tuple(wanted[path].shape):
            raise InputError(f"must have shape {tuple(wanted[path].shape)}", code="checkpoint", field=path, value=leaf.shape)
        if not np.isfinite(np.asarray(leaf, np.float32)).all():
            raise InputError("holds a NaN or an infinity", code="not_finite", field=path)


def save_checkpoint(folder: str | os.PathLike[str], model: Model, params: Mapping[str, Any], *,
                    private: bool = False, force: bool = False) -> None:  # fmt: skip
    """Write `config.json` and `flax_model.msgpack`; a private model's files are the owner's alone (mode 0600).

    Raises:
        StorageError: a file exists and `force` is not given, or the system refuses.
    """
    folder, mode = make_directory(folder), SECRET_MODE if private else PUBLIC_MODE
    for name in (CONFIG_FILE, FLAX_FILE):
        refuse_existing(folder / name, force=force)
    write_bytes(folder / FLAX_FILE, to_bytes(jax.tree_util.tree_map(np.asarray, params)), force=force, mode=mode)
    write_text(folder / CONFIG_FILE, model.network.config.to_json_string(), force=force, mode=mode)


def _weights_file(folder: Path) -> Path:
    for name in (FLAX_FILE, SAFETENSORS_FILE):
        if (folder / name).is_file():
            return folder / name
    raise StorageError(f"has neither {FLAX_FILE} nor {SAFETENSORS_FILE}", code="no_weights", file=folder,
                       hint="convert sharded or pickled checkpoints first")  # fmt: skip


def _checked(model: Model, params: Params, weights: Path) -> Params:
    try:
        check_params(model, params)
    except InputError as error:
        raise error.in_file(weights) from error
    return jax.tree_util.tree_map(lambda leaf: np.asarray(leaf, np.float32), params)
