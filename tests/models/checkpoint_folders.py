"""Checkpoint folders in every format that is read, from one tree of parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax.serialization import to_bytes
from flax.traverse_util import unflatten_dict
from safetensors.flax import save_file

from zkapex_jax.models import Model
from zkapex_jax.models.targets import paths_of

FORMATS = ("flax", "flax sharded", "pt", "pt sharded", "pt without prefix", "flax safetensors")


def torch_layout(params: dict[str, Any]) -> dict[str, np.ndarray]:
    """Names and axes as PyTorch stores them: weights [out, in], convolutions [out, in, height, width]."""
    tensors = {}
    for path, leaf in paths_of(params).items():
        head, _, kind = path.replace("/", ".").rpartition(".")
        leaf = np.asarray(leaf)
        if kind == "kernel":
            leaf = leaf.transpose(3, 2, 0, 1) if leaf.ndim == 4 else leaf.T
        renamed = {"kernel": "weight", "scale": "weight", "embedding": "weight"}.get(kind, kind)
        tensors[f"{head}.{renamed}"] = np.ascontiguousarray(leaf)
    return tensors


def tensors_of(params: dict[str, Any], kind: str) -> dict[str, np.ndarray]:
    if kind.startswith("flax"):
        separator = "." if "safetensors" in kind else "/"
        return {path.replace("/", separator): np.asarray(leaf) for path, leaf in paths_of(params).items()}
    tensors = torch_layout(params)
    return {name.removeprefix("model.").removeprefix("vit."): leaf for name, leaf in tensors.items()} if "without" in kind else tensors


def write_folder(folder: Path, model: Model, params: dict[str, Any], kind: str, *, dtype: Any = np.float32,
                 extra: dict[str, np.ndarray] | None = None) -> Path:  # fmt: skip
    """A folder as that library would have saved it; `extra` tensors go into the last file."""
    folder.mkdir()
    (folder / "config.json").write_text(model.network.config.to_json_string())
    tensors = {name: jnp.asarray(leaf, dtype) for name, leaf in (tensors_of(params, kind) | (extra or {})).items()}
    names, suffix = list(tensors), "msgpack" if kind in ("flax", "flax sharded") else "safetensors"
    stem = "flax_model" if suffix == "msgpack" else "model"
    parts = [names[0::3], names[1::3], names[2::3]] if kind.endswith("sharded") else [names]
    weight_map = {}
    for index, part in enumerate(parts, 1):
        file = f"{stem}-{index:05}-of-{len(parts):05}.{suffix}" if len(parts) > 1 else f"{stem}.{suffix}"
        held = {name: tensors[name] for name in part}
        weight_map |= dict.fromkeys(part, file)
        if suffix == "msgpack":
            tree = unflatten_dict({tuple(name.split("/")): np.asarray(leaf) for name, leaf in held.items()})
            (folder / file).write_bytes(to_bytes(tree))
        else:
            save_file(held, folder / file, metadata={"format": "flax" if "flax" in kind else "pt"})
    if len(parts) > 1:
        index = {"metadata": {"total_size": sum(leaf.nbytes for leaf in tensors.values())}, "weight_map": weight_map}
        (folder / f"{stem}.{suffix}.index.json").write_text(json.dumps(index))
    return folder
