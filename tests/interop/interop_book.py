"""What the two programs did with each other's proofs, and how long it took: collected by the tests, shown at their end."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

RUST, PYTHON = "Rust", "Python"


@dataclass(frozen=True)
class Entry:
    """One proof that one program made and another judged, or the two judged. `seconds`: of verifying, or of proving where
    `step` says so; `accepted` is what was found, and what the other program found too."""

    subject: str
    step: str
    program: str
    k: int
    weights: int
    bytes: int
    seconds: float
    accepted: bool


@dataclass
class Book:
    """All entries of a run, and counts of what is too many to list."""

    entries: list[Entry] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(
        self, subject: str, step: str, program: str, *, k: int, seconds: float, accepted: bool = True, weights: int = 0, size: int = 0
    ) -> None:
        self.entries.append(Entry(subject, step, program, k, weights, size, seconds, accepted))

    def count(self, what: str, number: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    def table(self) -> Table:
        table = Table(title="Two programs, one statement", title_justify="left")
        for name, justify in (("proof of", "left"), ("step", "left"), ("by", "left"), ("k", "right"), ("weights", "right"), ("bytes", "right"), ("seconds", "right"), ("verdict", "left")):
            table.add_column(name, justify=justify)
        for one in self.entries:
            sizes = (str(value or "") for value in (one.k, one.weights, one.bytes))
            table.add_row(one.subject, one.step, one.program, *sizes, f"{one.seconds:.3f}", "accepted" if one.accepted else "refused")
        return table

    def show(self, console: Console) -> None:
        console.print(self.table())
        for what, number in sorted(self.counts.items()):
            console.print(f"  {number:6,}  {what}")

    def write(self, path: Path) -> None:
        """Write all of it as JSON: a temporary file, then a rename."""
        machine = {"system": platform.platform(), "python": platform.python_version(), "cpus": os.cpu_count()}
        document = {"machine": machine, "counts": self.counts, "entries": [asdict(one) for one in self.entries]}
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
