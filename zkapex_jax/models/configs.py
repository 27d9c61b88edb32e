"""Model configurations: parse `config.json` from outside, refuse absurd sizes before anything is allocated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import PretrainedConfig

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import storage_errors
from zkapex_jax.formats.nesting import check_nesting
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.models.adapter import Model, model_class

CONFIG_FILE = "config.json"
MAX_CONFIG_BYTES = 2**24
#: The library writes a name for each class before anything else is looked at.
MAX_LABELS = 2**16

_LIMITS: Mapping[str, Mapping[str, int]] = {
    "vit": {"hidden_size": 2**14, "intermediate_size": 2**16, "num_hidden_layers": 256, "num_attention_heads": 256,
            "image_size": 2**12, "patch_size": 2**12, "num_channels": 64},
    "opt": {"hidden_size": 2**14, "ffn_dim": 2**16, "num_hidden_layers": 256, "num_attention_heads": 256,
            "vocab_size": 2**20, "max_position_embeddings": 2**16, "word_embed_proj_dim": 2**14},
}  # fmt: skip


def build_config(values: Mapping[str, Any]) -> tuple[type[Model], PretrainedConfig]:
    """Adapter class and checked configuration from the keys of a `config.json`; `model_type` chooses.

    Raises:
        InputError: the architecture is not served, or a size is no integer, out of bounds or inconsistent.
    """
    kind = model_class(values.get("model_type"))
    options = {key: value for key, value in values.items() if key != "model_type"}
    _check_names(kind.network_class.config_class, options)
    labels = options.get("num_labels", 1)
    if type(labels) is not int or not 1 <= labels <= MAX_LABELS:
        raise InputError(f"must be an integer from 1 to {MAX_LABELS}", code="config", field="num_labels", value=labels)
    try:
        config = kind.network_class.config_class(**options)
        config.to_json_string()
    except Exception as error:  # the library checks little itself: what values of other types end in is anything
        raise InputError(f"is not a configuration: {_words(error)}", code="config", field=kind.architecture) from error
    _check_sizes(kind.architecture, config)
    return kind, config


def build_model(kind: type[Model], config: PretrainedConfig, **options: Any) -> Model:
    """The network of a checked configuration, its shapes traced, without parameters. `options`: as the network takes them.

    Raises:
        InputError: the configuration describes none: an activation that there is not, text for a number.
    """
    try:
        return kind(kind.network_class(config, _do_init=False, **options))
    except Exception as error:  # whatever a wrong value ends in, somewhere in the network
        raise InputError(f"describes no network: {_words(error)}", code="config", field=kind.architecture) from error


def read_config(folder: Path) -> tuple[type[Model], PretrainedConfig]:
    """Parse `folder/config.json`.

    Raises:
        InputError: as `build_config`, or the file is not JSON. StorageError: it cannot be read.
    """
    path = folder / CONFIG_FILE
    with storage_errors(path):
        path.stat()
    data = read_bytes(path, max_bytes=MAX_CONFIG_BYTES)  # no pipe, which would never end
    try:
        check_nesting(data)
        values = json.loads(data)
    except (InputError, ValueError, RecursionError) as error:
        raise InputError("is not JSON", code="config", file=path) from error
    if not isinstance(values, dict):
        raise InputError("must be a JSON object", code="config", file=path)
    try:
        return build_config(values)
    except InputError as error:
        raise error.in_file(path) from error


def _check_names(config_class: type[PretrainedConfig], options: Mapping[str, Any]) -> None:
    """The library makes an attribute of every key: none may take the place of what the configuration's class does."""
    for name in options:
        held = getattr(config_class, name, None)
        if held is not None and not isinstance(held, property):
            raise InputError("is no key of a configuration", code="config", field=name)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def _check_sizes(architecture: str, config: PretrainedConfig) -> None:
    for field, limit in _LIMITS[architecture].items():
        value = getattr(config, field)
        if type(value) is not int or not 1 <= value <= limit:
            raise InputError(f"must be an integer from 1 to {limit}", code="config", field=field, value=value)
    if config.hidden_size % config.num_attention_heads:
        raise InputError("must be a multiple of num_attention_heads", code="config", field="hidden_size",
                         value=config.hidden_size)  # fmt: skip
    if architecture == "vit" and config.image_size % config.patch_size:
        raise InputError("must be a multiple of patch_size", code="config", field="image_size", value=config.image_size)
