"""Units of work, one after the other; what has a record of this very configuration is not done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from experiments.lab import records, tables
from experiments.lab.records import UNIT_NAME, Record, Row
from zkapex_jax.errors import InputError


@dataclass(frozen=True)
class Unit:
    """A piece of work that is done whole or not at all: its name (unique in the study, a file's name), its seed, the work.

    `constants`, if any, is the digest of constants outside the study's configuration that the rows depend on.

    Raises:
        InputError: the name cannot be a file's name, or the seed is not a non-negative integer.
    """

    name: str
    seed: int
    work: Callable[[], list[Row]]
    constants: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not UNIT_NAME.match(self.name):
            raise InputError("must be 1 to 96 of a-z, 0-9, '.' and '-'", code="unit", field="unit", value=self.name)
        if type(self.seed) is not int or self.seed < 0:
            raise InputError("must be a non-negative integer", code="unit", field="seed", value=self.seed)


@dataclass(frozen=True)
class Progress:
    """Told before each unit that is to be done, and after each unit: how many are done of how many, and which is next.

    `seconds` are those that the finished unit took (0 where its record was there), `finished` and `begun` are names.
    """

    done: int
    total: int
    finished: str | None
    begun: str | None
    seconds: float


OnProgress = Callable[[Progress], None]


def run(experiment: str, digest: str, units: Sequence[Unit], results: Path, *, on_progress: OnProgress, program: str = "") -> list[Record]:
    """Do what has no record of this digest yet, then write `results.csv` from the records of all these units.

    Each record is written as soon as its unit is done: an interrupt leaves whole records, and the next run goes on there.
    A record of another digest is measured again and replaced; one of another `program` stays, and says so.

    Raises:
        InputError: two units share a name, there is none, a record is malformed, or a unit made rows of another experiment.
        StorageError: the folder cannot be written.
    """
    _check(units)
    found: list[Record] = []
    for done, unit in enumerate(units):
        record = _current(results, digest, unit)
        seconds = 0.0
        if record is None:
            on_progress(Progress(done, len(units), None, unit.name, 0.0))
            record = replace(_measure(experiment, digest, unit), program=program)
            records.save(results, record)
            seconds = record.seconds
        found.append(record)
        on_progress(Progress(done + 1, len(units), unit.name, None, seconds))
    tables.write(results / "results.csv", found)
    return found


def _measure(experiment: str, digest: str, unit: Unit) -> Record:
    started = time.perf_counter()
    rows = tuple(unit.work())
    for row in rows:
        if row.experiment != experiment:
            raise InputError(f"unit {unit.name} made a row of another experiment than {experiment}", code="unit",
                             field="experiment", value=row.experiment)  # fmt: skip
    return Record(digest, unit.name, unit.seed, time.perf_counter() - started, rows)


def _current(results: Path, digest: str, unit: Unit) -> Record | None:
    record = records.load(results, unit.name)
    return record if record is not None and (record.digest, record.seed) == (digest, unit.seed) else None


def _check(units: Sequence[Unit]) -> None:
    names = [unit.name for unit in units]
    if not names:
        raise InputError("there is nothing to do", code="unit", field="units")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError("two units share a name", code="unit", field="units", value=twice)
