"""Plain safetensors files, read strictly: le64 header length, JSON header, then the tensors back to back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .errors import WitnessError
from .strict_json import MAX_NESTING, nesting

DTYPES = {"U8": np.uint8, "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64, "F32": np.float32, "F64": np.float64}
MAX_HEADER = 64 << 20


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, metadata) of a file. Raises WitnessError naming the file."""
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise WitnessError("cannot be read", file=str(path), value=error.strerror) from error
    except WitnessError as error:
        raise error.in_file(str(path))


def parse(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, metadata). Raises WitnessError unless the tensors fill the rest of the file without gap or overlap."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(MAX_HEADER, len(data) - 8):
        raise WitnessError("the header runs past the end of the file", field="header", value=length)
    header = _header(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise WitnessError("metadata maps names to strings", field="__metadata__", value=metadata)
    body = memoryview(data)[8 + length :]
    tensors, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: _offsets(*item)):
        start, stop = _offsets(name, entry)
        if start != end:
            raise WitnessError("tensors must lie back to back", field=name, value=start)
        tensors[name] = _tensor(name, entry, body[start:stop])
        end = stop
    if end != len(body):
        raise WitnessError("bytes that belong to no tensor", field="body", value=len(body) - end)
    return tensors, metadata


def _header(data: bytes) -> dict[str, Any]:
    if nesting(data) > MAX_NESTING:
        raise WitnessError(f"brackets nested deeper than {MAX_NESTING}", field="header")
    try:
        header = json.loads(data.decode("utf-8"), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise WitnessError("the header is not JSON", field="header", value=str(error)) from error
    if not isinstance(header, dict):
        raise WitnessError("the header is an object", field="header", value=header)
    return header


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise WitnessError("a name occurs twice", field="header", value=[name for name, _ in pairs])
    return dict(pairs)


def _offsets(name: str, entry: Any) -> tuple[int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise WitnessError("an entry has dtype, shape and data_offsets", field=name, value=entry)
    offsets = entry["data_offsets"]
    if not _naturals(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise WitnessError("offsets are two growing integers", field=name, value=offsets)
    return offsets[0], offsets[1]


def _tensor(name: str, entry: dict[str, Any], data: memoryview) -> np.ndarray:
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in DTYPES:
        raise WitnessError("unknown dtype", field=name, value=entry["dtype"])
    dtype, shape = np.dtype(DTYPES[entry["dtype"]]).newbyteorder("<"), entry["shape"]
    if not _naturals(shape) or len(shape) > 8:
        raise WitnessError("a shape is a short list of natural numbers", field=name, value=shape)
    size = dtype.itemsize
    for extent in shape:
        size *= extent
    start, stop = entry["data_offsets"]
    if size != stop - start or len(data) != size:
        raise WitnessError(f"shape and dtype take {size} bytes", field=name, value=len(data))
    return np.frombuffer(data, dtype=dtype).reshape(shape)


def _naturals(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 1 << 48 for item in value)
