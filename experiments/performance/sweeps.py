"""What is measured: points, and the sweeps that share them. One table of the note is one sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from experiments.performance.sizes import sized
from zkapex_jax.errors import InputError
from zkapex_jax.presets import Preset


@dataclass(frozen=True)
class Point:
    """`chunks` full chunks of 2^k rows, `lanes` weights a row, n = `rows` client rows; `portable`: without vector instructions."""

    k: int = 12
    lanes: int = 16
    rows: int = 64
    chunks: int = 4
    threads: int = 2
    portable: bool = False

    @property
    def preset(self) -> Preset:
        """Sizes of the statement."""
        return sized(self.k, self.lanes, self.rows)

    @property
    def name(self) -> str:
        """Name of its record."""
        return f"k{self.k}-p{self.lanes}-n{self.rows}-c{self.chunks}-t{self.threads}{'-portable' if self.portable else ''}"

    @property
    def weights(self) -> int:
        return self.chunks * self.preset.capacity

    def to_json(self) -> dict[str, Any]:
        """For records and digests."""
        return asdict(self)


STANDARD = Point()

#: The larger reference string: chunks four times as large.
LARGE = Point(k=14, chunks=2)

#: Sizes that presets serve.
SERVED = (STANDARD, Point(lanes=32), LARGE, Point(k=14, lanes=32, chunks=2))

SWEEPS: Mapping[str, tuple[Point, ...]] = MappingProxyType({
    "served": SERVED,
    "weights": tuple(Point(chunks=chunks) for chunks in (1, 2, 4, 8, 16)),
    "rows": tuple(Point(rows=rows) for rows in (16, 32, 64, 128, 256)),
    "lanes": tuple(Point(lanes=lanes) for lanes in (4, 8, 16, 32, 64)),
    "k": (*(Point(k=k) for k in (10, 11, 12, 13)), LARGE),
    "cores": (Point(threads=1), STANDARD, Point(k=14, chunks=2, threads=1), LARGE),
    "vectors": (Point(portable=True), STANDARD, Point(k=14, chunks=2, portable=True), LARGE),
})  # fmt: skip


def points(names: list[str]) -> tuple[Point, ...]:
    """Every point of the named sweeps, once.

    Raises:
        InputError: there is no such sweep.
    """
    unknown = sorted(set(names) - set(SWEEPS))
    if unknown:
        raise InputError(f"must be among {', '.join(SWEEPS)}", code="sweep", field="table", value=unknown)
    return tuple(dict.fromkeys(point for name in names for point in SWEEPS[name]))
