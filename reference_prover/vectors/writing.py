"""How vectors are written: JSON with sorted keys, integers as decimal strings, bytes as lower-case hex."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Iterable


def write_json(path: Path, data: Any) -> None:
    """Write one vector file, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, sort_keys=True, ensure_ascii=True) + "\n", encoding="ascii")


def decimals(values: Iterable[int]) -> str:
    """Integers as one string of decimals separated by single blanks."""
    return " ".join(str(int(value)) for value in values)


def parse_decimals(text: str) -> list[int]:
    """The inverse of `decimals`."""
    return [int(word) for word in text.split()]


class Stream:
    """Deterministic bytes for vectors: SHAKE-256 of a label. Never a source of secrets."""

    def __init__(self, label: str) -> None:
        self.label, self.calls = label.encode(), 0

    def bytes(self, count: int) -> bytes:
        self.calls += 1
        return hashlib.shake_256(b"zkapex/vectors/1/" + self.label + b"/" + self.calls.to_bytes(8, "little")).digest(count)

    def below(self, limit: int) -> int:
        """An integer in [0, limit), from 64 more bits than needed."""
        return int.from_bytes(self.bytes((limit.bit_length() + 71) // 8), "little") % limit

    def between(self, low: int, high: int) -> int:
        """An integer in [low, high], both ends possible."""
        return low + self.below(high - low + 1)
