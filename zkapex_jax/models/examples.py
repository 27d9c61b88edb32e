"""Examples from outside, checked once against the model before anything is computed from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.losses import IGNORED_LABEL

Examples = dict[str, np.ndarray]


def check_examples(model: Model, examples: Mapping[str, Any]) -> Examples:
    """Arrays of N examples, as float32 and int32, fit for the model's batches.

    ViT: `pixel_values` [N, channels, size, size] finite, `labels` [N] below the number of classes. OPT: `input_ids`
    [N, T] below the vocabulary's size, T from 2 to the model's positions; `attention_mask` and `labels` alike.

    Raises:
        InputError: a field is missing, unknown, of another shape or type, out of range, or not finite; or N is 0.
    """
    checks = _vit_checks if model.architecture == "vit" else _opt_checks
    arrays = {field: np.asarray(value) for field, value in examples.items()}
    checked = checks(model.network.config, arrays)
    for field in sorted(arrays.keys() - checked.keys()):
        raise InputError(f"is not a field of {model.architecture} examples", code="examples", field=field)
    return checked


def _vit_checks(config: Any, arrays: Mapping[str, np.ndarray]) -> Examples:
    pixels = _field(arrays, "pixel_values", "f", (config.num_channels, config.image_size, config.image_size))
    if not np.isfinite(pixels).all():
        raise InputError("holds a NaN or an infinity", code="not_finite", field="pixel_values")
    labels = _integers(arrays, "labels", (), 0, config.num_labels - 1)
    _same_count(pixels, labels, "labels")
    return {"pixel_values": pixels.astype(np.float32), "labels": labels}


def _opt_checks(config: Any, arrays: Mapping[str, np.ndarray]) -> Examples:
    tokens = arrays.get("input_ids", np.empty(0)).shape[1:]
    if len(tokens) != 1 or not 2 <= tokens[0] <= config.max_position_embeddings:
        raise InputError(f"must hold rows of 2 to {config.max_position_embeddings} tokens", code="examples",
                         field="input_ids", value=tokens)  # fmt: skip
    checked = {"input_ids": _integers(arrays, "input_ids", tokens, 0, config.vocab_size - 1)}
    for field, low, high in (("attention_mask", 0, 1), ("labels", IGNORED_LABEL, config.vocab_size - 1)):
        if field in arrays:
            checked[field] = _integers(arrays, field, tokens, low, high)
            _same_count(checked["input_ids"], checked[field], field)
    return checked


def _field(arrays: Mapping[str, np.ndarray], field: str, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    if field not in arrays:
        raise InputError("is missing", code="examples", field=field)
    array = arrays[field]
    if array.dtype.kind not in kind:
        raise InputError("has another type of number than asked for", code="examples", field=field, value=array.dtype)
    if array.ndim < 1 or len(array) < 1 or array.shape[1:] != shape:
        raise InputError(f"must have shape {('N', *shape)}", code="examples", field=field, value=array.shape)
    return array


def _integers(arrays: Mapping[str, np.ndarray], field: str, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
    array = _field(arrays, field, "iu", shape)
    if int(array.min()) < low or int(array.max()) > high:
        raise InputError(f"must lie from {low} to {high}", code="examples", field=field,
                         value=(int(array.min()), int(array.max())))  # fmt: skip
    return array.astype(np.int32)


def _same_count(first: np.ndarray, other: np.ndarray, field: str) -> None:
    if len(first) != len(other):
        raise InputError(f"must have {len(first)} rows", code="examples", field=field, value=len(other))
