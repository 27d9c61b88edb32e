"""Safetensors files rewritten in place of tensors: the header is copied, the bytes of targets are replaced, nothing is held whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import jax.numpy as jnp
import numpy as np
from safetensors import safe_open

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import atomic_file
from zkapex_jax.formats.reading import BLOCK, open_input
from zkapex_jax.models.naming import find_dotted, is_turned, to_torch
from zkapex_jax.models.rewriting import Rewritten, Stored, convert, refuse_unwritten
from zkapex_jax.models.weight_files import WeightFiles
from zkapex_jax.models.weights import Shapes, parsing

_TYPES = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype(jnp.bfloat16)}


@dataclass(frozen=True)
class Entry:
    """One tensor of a header: type, shape, and its bytes' place in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def rewrite_safetensors(files: WeightFiles, folder: Path, new: Mapping[str, np.ndarray], wanted: Shapes, prefix: str,
                        mode: int, force: bool) -> Rewritten:  # fmt: skip
    """Write the files' like into `folder` with the tensors of `new` (by Flax path) in place of the old ones.

    Raises:
        InputError: a file cannot be parsed, or a target is missing, or not stored as floats that can hold it.
        StorageError: a file exists and `force` is not given, or the system refuses.
    """
    headers = {path: _entries(path) for path in files.paths}
    names = {name for entries in headers.values() for name in entries}
    of_model = {find_dotted(path, names, prefix, files.main): path for path in wanted}
    targets, exact, copies = _targets(headers, of_model, new)
    refuse_unwritten(new, {of_model[name] for name in targets}, files.main)
    for path, entries in headers.items():
        for name in entries.keys() - of_model.keys():
            if any((entries[name].dtype, entries[name].shape) == identity[:2] for identity in copies):
                stored = _stored(path, name, entries[name])
                if stored.identity in copies:
                    targets[name] = copies[stored.identity]
    for path, entries in headers.items():
        with open_input(path) as source, atomic_file(folder / path.name, force=force, mode=mode) as out:
            _copy(source, out, {entries[name].start: data for name, data in targets.items() if name in entries})
    types = sorted({entries[name].dtype for entries in headers.values() for name in targets if name in entries})
    return Rewritten(tuple(folder / path.name for path in files.paths), tuple(types), exact)


def _targets(
    headers: Mapping[Path, Mapping[str, Entry]], of_model: Mapping[str, str], new: Mapping[str, np.ndarray]
) -> tuple[dict[str, bytes], bool, dict[Any, bytes]]:
    """New bytes by name; whether all are exact; and new bytes by the identity of the old ones."""
    targets, exact, copies = {}, True, {}
    for path, entries in headers.items():
        for name in entries.keys() & of_model.keys():
            if of_model[name] not in new:
                continue
            entry, values = entries[name], new[of_model[name]]
            if entry.dtype not in _TYPES:
                raise InputError("is not stored as floats, so it cannot be written back", code="weight_type", file=path, field=name,
                                 value=entry.dtype)  # fmt: skip
            turned = to_torch(values) if is_turned(of_model[name], name) else values
            if turned.shape != entry.shape:
                raise InputError(f"must have shape {turned.shape}", code="shape", file=path, field=name, value=entry.shape)
            stored, same = convert(turned, _TYPES[entry.dtype], file=path, field=name)
            targets[name], exact = stored.tobytes(), exact and same
            old = _stored(path, name, entry).identity
            if old is not None:
                copies[old] = targets[name]
    return targets, exact, copies


def _copy(source: BinaryIO, out: BinaryIO, replaced: Mapping[int, bytes]) -> None:
    for start in sorted(replaced):
        _pass(source, out, start - source.tell())
        out.write(replaced[start])
        source.seek(start + len(replaced[start]))
    while data := source.read(BLOCK):
        out.write(data)


def _pass(source: BinaryIO, out: BinaryIO, count: int) -> None:
    while count > 0 and (data := source.read(min(count, BLOCK))):
        out.write(data)
        count -= len(data)


def _stored(path: Path, name: str, entry: Entry) -> Stored:
    with open_input(path) as file:
        file.seek(entry.start)
        return Stored(name, entry.dtype, entry.shape, file.read(entry.stop - entry.start))


def _entries(path: Path) -> dict[str, Entry]:
    """The header's tensors. The library has checked it first: no overlap, no holes, sizes that fit the shapes."""
    with parsing(path), safe_open(path, framework="numpy") as opened:
        names = set(opened.keys())
    with parsing(path), open_input(path) as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        entries = {name: _entry(item, 8 + length) for name, item in header.items()}
    if entries.keys() != names:
        raise InputError("names a tensor twice", code="checkpoint", file=path)
    return entries


def _entry(item: Mapping[str, Any], data: int) -> Entry:
    start, stop = item["data_offsets"]
    return Entry(str(item["dtype"]), tuple(map(int, item["shape"])), data + int(start), data + int(stop))
