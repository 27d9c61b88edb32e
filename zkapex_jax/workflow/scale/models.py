"""The published model sizes that `zkapex bench` runs whole, their weights and their examples.

Weights are random, or those of a local checkpoint folder; nothing is fetched. Examples are seeded: a class of images is
a coarse pattern under noise, a text draws its tokens from a Zipf law over a vocabulary shuffled by its topic. They have
what gradients need (classes that differ, heavy tails) and no more: the run measures cost, not accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jax
import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.models import Model, fresh_model, load_checkpoint, put_targets, select_targets, take_targets
from zkapex_jax.models.examples import Examples
from zkapex_jax.models.fresh import generator
from zkapex_jax.models.layout import TargetLayout

CLASSES = 10
#: Tokens of a text: enough for every position to see a context, short enough for two cores.
TOKENS = 64
#: A personal model lies about this share of a tensor's norm from the base, as those of the demonstration do.
PERSONAL_SHARE = 0.1

_PATTERN_SIDE = 8
_NOISE = 0.5
_TOPIC_SHARE = 0.5


@dataclass(frozen=True)
class ScaleModel:
    """A size to run: keys of its `config.json`, which tensors are targeted, gradients at a time."""

    name: str
    config: Mapping[str, Any]
    pattern: str
    micro_batch: int


_VIT = {"model_type": "vit", "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "image_size": 224, "patch_size": 16, "num_channels": 3, "num_labels": CLASSES}  # fmt: skip
_OPT = {"model_type": "opt", "hidden_size": 768, "ffn_dim": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "vocab_size": 50272, "max_position_embeddings": 2048, "word_embed_proj_dim": 768}  # fmt: skip

SCALE_MODELS: Mapping[str, ScaleModel] = MappingProxyType({
    model.name: model
    for model in (
        ScaleModel("vit-b16", _VIT, "vit/encoder/layer/*/intermediate/dense/kernel", 1),
        ScaleModel("opt-125m", _OPT, "model/decoder/layers/*/fc?/kernel", 1),
    )
})  # fmt: skip


def scale_model(name: str) -> ScaleModel:
    """The size of that name. Raises InputError if there is none."""
    if name not in SCALE_MODELS:
        raise InputError(f"unknown model; known are {', '.join(SCALE_MODELS)}", code="model", field="model", value=name)
    return SCALE_MODELS[name]


def base_params(size: ScaleModel, checkpoint: Path | None, seed: int) -> tuple[Model, dict[str, Any]]:
    """Model and parameters on the device: from the checkpoint folder if one is given, else fresh.

    Raises:
        InputError: the checkpoint is malformed or of another architecture. StorageError: it cannot be read.
    """
    if checkpoint is None:
        return fresh_model(size.config, seed)
    model, params = load_checkpoint(checkpoint)
    if model.architecture != size.config["model_type"]:
        raise InputError(f"must be a {size.config['model_type']} model for {size.name}", code="model", file=checkpoint,
                         field="model_type", value=model.architecture)  # fmt: skip
    return model, _to_device(params)


def personal_params(params: dict[str, Any], layout: TargetLayout, seed: int) -> dict[str, Any]:
    """The base with every target tensor displaced at random, in place of a client's training."""
    return put_targets(params, {path: _displaced(path, leaf, seed) for path, leaf in take_targets(params, layout).items()})


def target_layout(size: ScaleModel, params: Mapping[str, Any]) -> TargetLayout:
    """The tensors that requests may touch."""
    return select_targets(params, size.pattern)


def examples(model: Model, name: str, count: int, seed: int) -> Examples:
    """`count` examples for the model; sets of different names have different images or topics of text."""
    config, numbers = model.network.config, generator(f"examples/{name}", seed)
    if model.architecture == "vit":
        return _images(config, numbers, count, seed)
    return _texts(config, numbers, count)


def _images(config: Any, numbers: np.random.Generator, count: int, seed: int) -> Examples:
    labels = (np.arange(count) % min(CLASSES, config.num_labels)).astype(np.int32)
    patterns = generator("patterns", seed).standard_normal((CLASSES, config.num_channels, _PATTERN_SIDE, _PATTERN_SIDE), np.float32)
    nearest = np.arange(config.image_size) * _PATTERN_SIDE // config.image_size
    pixels = patterns[labels][:, :, nearest][..., nearest]
    pixels += _NOISE * numbers.standard_normal(pixels.shape, np.float32)
    return {"pixel_values": pixels, "labels": labels}


def _texts(config: Any, numbers: np.random.Generator, count: int) -> Examples:
    length = min(TOKENS, config.max_position_embeddings)
    ranks = np.minimum(numbers.zipf(1.2, (count, length)), config.vocab_size - 1)
    shuffled = numbers.permutation(config.vocab_size)
    common = numbers.random((count, length)) >= _TOPIC_SHARE
    return {"input_ids": np.where(common, ranks, shuffled[ranks]).astype(np.int32)}


def _displaced(path: str, leaf: jax.Array, seed: int) -> jax.Array:
    values = np.asarray(leaf)
    moved = generator(f"personal/{path}", seed).standard_normal(values.shape, np.float32)
    moved *= np.float32(PERSONAL_SHARE * np.sqrt(np.mean(np.square(values))))
    moved += values
    return jax.device_put(moved)


def _to_device(params: dict[str, Any]) -> dict[str, Any]:
    """Leaf by leaf, so that two copies of the model never exist."""
    for name in list(params):
        leaf = params.pop(name)
        params[name] = _to_device(leaf) if isinstance(leaf, dict) else jax.device_put(leaf)
    return dict(sorted(params.items()))
