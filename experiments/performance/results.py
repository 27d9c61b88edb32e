"""The records that the note is drawn from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.performance import records
from experiments.performance.sweeps import SWEEPS, Point, points

Record = dict[str, Any]
Taken = tuple[Point, Record]


@dataclass(frozen=True)
class Results:
    """Folders of the records: this experiment's, and ezkl's. A record that was not taken is left out everywhere."""

    folder: Path
    ezkl_folder: Path

    def taken(self, wanted: Iterable[Point]) -> list[Taken]:
        """Points that have a record, with it, in the order given."""
        paths = [(point, self.folder / "points" / f"{point.name}.json") for point in wanted]
        return [(point, records.read(path)) for point, path in paths if path.exists()]

    def dense(self) -> Record | None:
        """Dense blocks beside the folded relation."""
        path = self.folder / "dense.json"
        return records.read(path) if path.exists() else None

    def ezkl(self) -> list[Record]:
        """ezkl's records by rising block, those without ranges first."""
        return sorted((records.read(path) for path in self.ezkl_folder.glob("block-*.json")), key=lambda record: (record["ranges"], record["block"]))

    def scale(self) -> list[tuple[str, Record]]:
        """Full-size runs: name of the file, document of `zkapex bench vit-b16` and its like."""
        return [(path.stem, records.read(path)) for path in sorted((self.folder / "scale").glob("*.json"))]

    def _all(self) -> dict[str, Record]:
        named = {point.name: record for point, record in self.taken(points(list(SWEEPS)))}
        named |= {f"ezkl-{record['block']}-{record['ranges']}": record for record in self.ezkl()}
        dense = self.dense()
        return {**named, **({"dense": dense} if dense is not None else {})}

    @property
    def count(self) -> int:
        """How many records of sweeps and of ezkl there are."""
        return len(self._all())

    def noisy(self) -> dict[str, float]:
        """Share of the machine that others used, by name of each noisy record."""
        return {name: record["meter"]["others_share"] for name, record in self._all().items() if records.noisy(record)}

    def machine(self) -> Record | None:
        """The machine of the newest sweep's first record."""
        taken = self.taken(points(list(SWEEPS)))
        return taken[0][1]["machine"] if taken else None
