"""Strict reader of the safetensors file header.

Stricter than the format asks: no duplicate names, no holes, no overlap, nothing after the last tensor, only the dtypes
that artefacts use. What it accepts, the safetensors library accepts too (a test holds the two together).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from zkapex_jax.errors import InputError
from zkapex_jax.formats.nesting import check_nesting
from zkapex_jax.formats.tensors import TensorSpec

MAX_HEADER = 64 << 20


@dataclass(frozen=True)
class RawFile:
    """Parsed header: the free metadata, each tensor's spec, and where its bytes start in the file."""

    metadata: Mapping[str, str]
    specs: Mapping[str, TensorSpec]
    offsets: Mapping[str, int]


def read_header(file: BinaryIO) -> RawFile:
    """Parse the header of an open safetensors file. Raises InputError on anything irregular."""
    size = file.seek(0, 2)
    file.seek(0)
    prefix = file.read(8)
    length = int.from_bytes(prefix, "little")
    if len(prefix) < 8 or length < 2:
        raise _bad("file is too short for a safetensors header", size)
    if length > MAX_HEADER or 8 + length > size:
        raise _bad("the safetensors header is longer than the file or than 64 MiB: truncated or altered", length)
    entries = _parse(file.read(length))
    metadata = _metadata(entries.pop("__metadata__", {}))
    return _place(metadata, entries, data_start=8 + length, file_size=size)


def _parse(text: bytes) -> dict[str, Any]:
    check_nesting(text)
    try:
        entries = json.loads(text.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or an integer of thousands of digits
        raise _bad("the safetensors header is not JSON") from error
    if not isinstance(entries, dict):
        raise _bad("the safetensors header is not a JSON object")
    return entries


def _metadata(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise _bad("__metadata__ must map names to text")
    return value


def _place(metadata: dict[str, str], entries: dict[str, Any], *, data_start: int, file_size: int) -> RawFile:
    specs, spans = {}, {}
    for name, entry in entries.items():
        specs[name], spans[name] = _entry(name, entry)
    expected = 0
    for name in sorted(spans, key=lambda key: spans[key]):
        start, end = spans[name]
        if start != expected or end - start != specs[name].nbytes:
            raise _bad(f"data_offsets of tensor {name} do not fit its shape", spans[name])
        expected = end
    if data_start + expected != file_size:
        raise _bad(f"tensors need {data_start + expected} bytes, the file has another length: truncated", file_size)
    return RawFile(metadata, specs, {name: data_start + span[0] for name, span in spans.items()})


def _entry(name: str, entry: Any) -> tuple[TensorSpec, tuple[int, int]]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _bad(f"tensor {name} needs exactly dtype, shape and data_offsets")
    offsets = _naturals(name, entry["data_offsets"])
    if len(offsets) != 2:
        raise _bad(f"data_offsets of tensor {name} must be two numbers")
    try:
        return TensorSpec(entry["dtype"], _naturals(name, entry["shape"])), (offsets[0], offsets[1])
    except TypeError as error:
        raise _bad(f"dtype of tensor {name} is not text") from error


def _naturals(name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or any(type(item) is not int or not 0 <= item < 1 << 48 for item in value):
        raise _bad(f"tensor {name} has a shape or offset that is no natural number")
    return tuple(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _bad("a name occurs twice in the safetensors header")
    return result


def _bad(message: str, value: object = None) -> InputError:
    return InputError(message, code="bad_container", value=value)
