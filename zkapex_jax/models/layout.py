"""The layout of target tensors: which tensors a request may touch, and where each lies in the vector of W weights."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zkapex_jax.errors import InputError

MAX_WEIGHTS = 2**40
MAX_TENSORS = 2**16
MAX_AXES = 8

_PATH = re.compile(r"[A-Za-z0-9_.-]{1,128}(/[A-Za-z0-9_.-]{1,128}){0,31}\Z")
_INTEGER = re.compile(r"(0|[1-9][0-9]{0,15})\Z")

Shape = tuple[int, ...]


@dataclass(frozen=True)
class TargetLayout:
    """Target tensors sorted by path (code points), each output by output (see `order`), concatenated to one vector.

    Raises:
        InputError: no tensor, paths not sorted or not unique, a shape that is not of positive integers, too many weights.
    """

    pattern: str
    tensors: tuple[tuple[str, Shape], ...]

    def __post_init__(self) -> None:
        _check_tensors(self.tensors)

    @property
    def weights(self) -> int:
        """W, the number of target weights."""
        return sum(math.prod(shape) for _, shape in self.tensors)

    def slices(self) -> Iterator[tuple[str, Shape, slice]]:
        """Path, shape and place in the vector of each tensor, in order."""
        start = 0
        for path, shape in self.tensors:
            stop = start + math.prod(shape)
            yield path, shape, slice(start, stop)
            start = stop

    def to_header(self) -> dict[str, object]:
        """For canonical JSON: integers are decimal strings."""
        tensors = [{"path": path, "shape": [str(size) for size in shape]} for path, shape in self.tensors]
        return {"pattern": self.pattern, "tensors": tensors, "weights": str(self.weights)}

    @classmethod
    def from_header(cls, header: Any) -> TargetLayout:
        """Parse what `to_header` gives; further keys (such as `chunks`) are the caller's to check.

        Raises:
            InputError: a key is missing or a value malformed, or `weights` is not the sum of the tensors' sizes.
        """
        _require(isinstance(header, Mapping), "layout", header, "must be an object")
        pattern, tensors, weights = (_get(header, key) for key in ("pattern", "tensors", "weights"))
        short = isinstance(pattern, str) and len(pattern) <= 1024 and pattern.isprintable()
        _require(short, "layout.pattern", pattern, "must be a short printable text")
        _require(isinstance(tensors, list | tuple), "layout.tensors", tensors, "must be a list")
        layout = cls(pattern, tuple(_parse_tensor(item) for item in tensors))
        _require(_parse_int(weights, "layout.weights") == layout.weights, "layout.weights", weights,
                 f"must be the sum of the tensors' sizes, {layout.weights}")  # fmt: skip
        return layout


def _check_tensors(tensors: tuple[tuple[str, Shape], ...]) -> None:
    _require(1 <= len(tensors) <= MAX_TENSORS, "layout.tensors", len(tensors), f"must hold 1 to {MAX_TENSORS} tensors")
    for path, shape in tensors:
        _require(isinstance(path, str) and _PATH.match(path) is not None, "layout.path", path, "is not a tensor's path")
        sizes = isinstance(shape, tuple) and 1 <= len(shape) <= MAX_AXES and all(type(s) is int and s >= 1 for s in shape)
        _require(sizes, f"layout.{path}", shape, "shape must be 1 to 8 positive integers")
    paths = [path for path, _ in tensors]
    _require(all(a < b for a, b in zip(paths, paths[1:])), "layout.tensors", paths, "must be sorted by path, each once")
    total = sum(math.prod(shape) for _, shape in tensors)
    _require(total <= MAX_WEIGHTS, "layout.weights", total, f"must be at most {MAX_WEIGHTS}")


def _parse_tensor(item: Any) -> tuple[str, Shape]:
    _require(isinstance(item, Mapping) and set(item) == {"path", "shape"}, "layout.tensors", item, "must hold path and shape")
    path, shape = item["path"], item["shape"]
    _require(isinstance(shape, list | tuple) and len(shape) <= MAX_AXES, "layout.shape", shape, "must be a short list")
    return path, tuple(_parse_int(size, "layout.shape") for size in shape)


def _parse_int(text: Any, field: str) -> int:
    _require(isinstance(text, str) and _INTEGER.match(text) is not None, field, text, "must be a decimal integer as text")
    return int(text)


def _get(header: Mapping[str, Any], key: str) -> Any:
    _require(key in header, f"layout.{key}", None, "is missing")
    return header[key]


def _require(condition: bool, field: str, value: object, message: str) -> None:
    if not condition:
        raise InputError(message, code="layout", field=field, value=value)
