"""Checkpoint folders, as a stranger may have packed them: configuration, index of shards, safetensors, Flax msgpack, model card.

Every input is one file of a folder whose others are sound. The model is a vision transformer of some hundred weights. Flax and
JAX are imported by the first input, for the other targets need neither.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from fuzz_folder import folder
from fuzz_targets import Fault, Target
from zkapex_jax.errors import InputError, RefusedError, StorageError

CONFIG = {
    "model_type": "vit", "hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 4,
    "patch_size": 2, "num_channels": 1, "num_labels": 2,
}  # fmt: skip
OPT = {
    "model_type": "opt", "hidden_size": 4, "ffn_dim": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 8,
    "max_position_embeddings": 8, "word_embed_proj_dim": 4,
}  # fmt: skip
#: More layers or units would be traced for longer than an input may take.
SMALL = {"num_hidden_layers": 4, "hidden_size": 64}
#: The tensor that is replaced where a checkpoint is written back.
KERNEL = "classifier/kernel"
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@lru_cache
def model() -> Any:
    from zkapex_jax.models.checkpoint import shapes_of
    from zkapex_jax.models.configs import build_config

    kind, parsed = build_config(CONFIG)
    network = kind(kind.network_class(parsed, _do_init=False))
    return network, shapes_of(network)


def config(data: bytes) -> None:
    """The file, and the network that it describes, if that is small."""
    from zkapex_jax.models.checkpoint import build_model
    from zkapex_jax.models.configs import read_config

    with folder().holding({"config.json": data}) as path:
        kind, parsed = read_config(path)
        if all(getattr(parsed, name) <= most for name, most in SMALL.items()):
            build_model(kind, parsed)


def index(data: bytes) -> None:
    from zkapex_jax.models.weight_files import find_weights

    with folder().holding({"model.safetensors.index.json": data} | dict.fromkeys(SHARDS, b"")) as path:
        found = find_weights(path)
        if any(file.parent != path for file in found.files):
            raise Fault("an index leads out of its folder")


def weights(name: str, data: bytes) -> None:
    """A whole checkpoint of the small model in one file: read, and written back with one kernel replaced."""
    from zkapex_jax.models.checkpoint import check_params
    from zkapex_jax.models.weight_files import find_weights
    from zkapex_jax.models.weights import read_weights

    network, wanted = model()
    prefix = network.network_class.base_model_prefix
    with folder().holding({name: data}, written=("out", f"out/{name}")) as path:
        files = find_weights(path)
        tensors = read_weights(files, wanted, prefix)
        if {path: tensor.shape for path, tensor in tensors.items()} != wanted:
            raise Fault("tensors of other shapes are taken")
        check_params(network, _nest(tensors))
        _write_back(files, path / "out", tensors, prefix)


def _write_back(files: Any, out: Path, tensors: dict[str, Any], prefix: str) -> None:
    import numpy as np

    from zkapex_jax.models.rewriting_flax import rewrite_flax
    from zkapex_jax.models.rewriting_safetensors import rewrite_safetensors
    from zkapex_jax.models.weight_files import find_weights
    from zkapex_jax.models.weights import read_weights

    out.mkdir()
    rewrite, (_, wanted) = rewrite_flax if files.kind == "flax" else rewrite_safetensors, model()
    rewrite(files, out, {KERNEL: tensors[KERNEL] + 1}, wanted, prefix, 0o600, False)
    after = read_weights(find_weights(out), wanted, prefix)
    if any(not np.array_equal(after[path], tensors[path]) for path in wanted if path != KERNEL and not _same(tensors, path)):
        raise Fault("a tensor beside the target is altered")


def _same(tensors: dict[str, Any], path: str) -> bool:
    """Copies of the target follow it."""
    return tensors[path].tobytes() == tensors[KERNEL].tobytes() or tensors[path].size == tensors[KERNEL].size


def _nest(tensors: dict[str, Any]) -> Any:
    from flax.traverse_util import unflatten_dict

    return unflatten_dict({tuple(path.split("/")): tensor for path, tensor in tensors.items()})


def card(data: bytes) -> None:
    """A section goes into the card once, and everything around it is kept."""
    from zkapex_jax.models.card import BEGIN, CARD_FILE, END, write_card

    with folder().holding({CARD_FILE: data}, written=(CARD_FILE,)) as path:
        first = write_card(path, "what is proven").read_bytes()
        if write_card(path, "what is proven").read_bytes() != first or first.count(BEGIN.encode()) != 1:
            raise Fault("a section is written twice")
    around = first.partition(BEGIN.encode())[0], first.partition(END.encode())[2]
    before, _, after = data.partition(BEGIN.encode())
    if not before.rstrip().startswith(around[0].rstrip()) or after and not data.endswith(around[1]):
        raise Fault("words around the section are lost")


def seeds(put: Any) -> None:
    """One file of each format that is read; `put(target, name, bytes)`."""
    from flax.serialization import to_bytes
    from safetensors.numpy import save

    network, wanted = model()
    values = {path: _values(shape) for path, shape in wanted.items()}
    put("flax", "whole", to_bytes(_nest(values)))
    put("checkpoint", "flax", save({path.replace("/", "."): value for path, value in values.items()}, {"format": "flax"}))
    put("checkpoint", "torch", save(_torch(values), {"format": "pt"}))
    put("checkpoint", "without-prefix", save({name.removeprefix("vit."): value for name, value in _torch(values).items()}))
    for name, values in {"vit": CONFIG, "opt": OPT, "whole": json.loads(network.network.config.to_json_string())}.items():
        put("config", name, json.dumps(values, sort_keys=True, separators=(",", ":")).encode())
    put("shards", "two", json.dumps({"metadata": {"total_size": 8}, "weight_map": dict(zip("ab", SHARDS, strict=True))}).encode())
    for name, text in CARDS.items():
        put("card", name, text.encode())


def _values(shape: tuple[int, ...]) -> Any:
    import numpy as np

    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def _torch(values: dict[str, Any]) -> dict[str, Any]:
    """Names and axes as PyTorch stores them."""
    import numpy as np

    found = {}
    for path, value in values.items():
        head, _, kind = path.replace("/", ".").rpartition(".")
        turned = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T if kind == "kernel" else value
        found[f"{head}.{ {'kernel': 'weight', 'scale': 'weight'}.get(kind, kind) }"] = np.ascontiguousarray(turned)
    return found


CARDS = {
    "empty": "", "title": "---\nlicense: mit\n---\n# A model\n",
    "section": "# A model\n\n<!-- zkapex: proof of unlearning, begin -->\nold\n<!-- zkapex: proof of unlearning, end -->\n\nmore\n",
}  # fmt: skip
_REFUSALS = (InputError, RefusedError, StorageError)
MODELS = (
    Target("config", "json", 1 << 13, {"product": config}, _REFUSALS),
    Target("shards", "json", 1 << 12, {"product": index}, _REFUSALS),
    Target("checkpoint", "container", 1 << 14, {"product": lambda data: weights("model.safetensors", data)}, _REFUSALS),
    Target("flax", "tree", 1 << 13, {"product": lambda data: weights("flax_model.msgpack", data)}, _REFUSALS),
    Target("card", "text", 1 << 12, {"product": card}, _REFUSALS),
)
