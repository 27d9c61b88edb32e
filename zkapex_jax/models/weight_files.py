"""Which files of a checkpoint folder hold its weights: one file, or shards with an index, as Hugging Face writes them.

An index comes from outside: it may name only plain files that lie in its own folder, it must name each tensor once, and each
shard must hold exactly the tensors that the index places there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.formats.nesting import check_nesting
from zkapex_jax.formats.reading import read_bytes

FLAX_FILE = "flax_model.msgpack"
SAFETENSORS_FILE = "model.safetensors"
INDEX_SUFFIX = ".index.json"
MAX_INDEX_BYTES = 2**24
MAX_SHARDS = 4096
MAX_NAME = 1024

Kind = Literal["flax", "safetensors"]
_KINDS: tuple[tuple[Kind, str], ...] = (("flax", FLAX_FILE), ("safetensors", SAFETENSORS_FILE))
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}\Z")

#: Files that hold weights of some library: where a model is written, none of another one may stay beside it.
WEIGHT_PATTERNS = ("*.safetensors", "*.msgpack", "*.safetensors.index.json", "*.msgpack.index.json", "pytorch_model*", "tf_model*",
                   "*.bin", "*.h5", "*.ckpt", "*.pt", "*.pth", "*.onnx", "*.gguf")  # fmt: skip


@dataclass(frozen=True)
class WeightFiles:
    """The weight files of one kind, in order. `index`: the index of shards, and `places` the shard of each tensor by name."""

    kind: Kind
    paths: tuple[Path, ...]
    index: Path | None = None
    places: Mapping[str, Path] | None = None

    @property
    def main(self) -> Path:
        """The file to name where something is wrong with all of them."""
        return self.index or self.paths[0]

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that belongs to the weights, the index last."""
        return self.paths if self.index is None else (*self.paths, self.index)

    @cached_property
    def _by_shard(self) -> Mapping[Path, Set[str]]:
        """Names by shard, sorted out once: thousands of shards may hold hundreds of thousands of tensors."""
        names: dict[Path, set[str]] = {}
        for name, place in (self.places or {}).items():
            names.setdefault(place, set()).add(name)
        return names

    def check_names(self, path: Path, found: Iterable[str]) -> None:
        """A shard holds what the index says, no more and no less. Raises InputError otherwise."""
        if self.places is None:
            return
        wanted = self._by_shard.get(path, frozenset())
        for name in sorted(wanted ^ set(found)):
            told = "is missing, though the index places it here" if name in wanted else "is not placed here by the index"
            raise InputError(told, code="shard_index", file=path, field=name)


def find_weights(folder: Path) -> WeightFiles:
    """The weights of a checkpoint folder: Flax msgpack before safetensors, one file before shards.

    Raises:
        StorageError: there are none. InputError: the index is malformed, or a shard that it names is not there.
    """
    for kind, name in _KINDS:
        if (folder / name).is_file():
            return WeightFiles(kind, (folder / name,))
        if (folder / f"{name}{INDEX_SUFFIX}").is_file():
            return _sharded(kind, folder / f"{name}{INDEX_SUFFIX}", name.rpartition(".")[2])
    raise StorageError(f"has neither {FLAX_FILE} nor {SAFETENSORS_FILE}, nor the index of one in shards", code="no_weights",
                       file=folder, hint="save it as safetensors; pickled checkpoints are not read")  # fmt: skip


def _sharded(kind: Kind, index: Path, suffix: str) -> WeightFiles:
    weight_map = _weight_map(index)
    shards = sorted(set(weight_map.values()))
    if len(shards) > MAX_SHARDS:
        raise InputError(f"names more than {MAX_SHARDS} shards", code="shard_index", file=index, value=len(shards))
    for shard in shards:
        if not _PLAIN_NAME.match(shard) or not shard.endswith(f".{suffix}"):
            raise InputError(f"must be the name of a .{suffix} file in the same folder", code="shard_index", file=index,
                             field="weight_map", value=shard)  # fmt: skip
        if not (index.parent / shard).is_file():
            raise InputError("this shard is not there", code="missing_shard", file=index, field="weight_map", value=shard)
    places = {name: index.parent / shard for name, shard in weight_map.items()}
    return WeightFiles(kind, tuple(index.parent / shard for shard in shards), index, places)


def _weight_map(index: Path) -> dict[str, str]:
    data = read_bytes(index, max_bytes=MAX_INDEX_BYTES)
    try:
        check_nesting(data)
        document = json.loads(data.decode(), object_pairs_hook=_unique)
    except InputError as error:
        raise error.in_file(index) from error
    except (ValueError, RecursionError) as error:
        raise InputError("is not JSON", code="shard_index", file=index) from error
    weight_map = document.get("weight_map") if isinstance(document, dict) else None
    if not isinstance(weight_map, dict) or not weight_map:
        raise InputError("must map names of tensors to shards", code="shard_index", file=index, field="weight_map")
    for name, shard in weight_map.items():
        if not name or len(name) > MAX_NAME or not isinstance(shard, str):
            raise InputError("must map names of tensors to names of files", code="shard_index", file=index, field="weight_map",
                             value=name)  # fmt: skip
    return weight_map


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise InputError("names a key twice", code="shard_index", field="weight_map")
    return result
