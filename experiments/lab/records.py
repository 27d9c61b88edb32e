"""Results on disk: one JSON file a unit of work, `records/<unit>.json`, so that a study goes on where it stopped."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import make_directory, storage_errors, write_text

#: Names of units become file names.
UNIT_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,95}\Z")

_MAX_BYTES = 64 << 20


@dataclass(frozen=True)
class Row:
    """One measured value, tidy: what it is of in the first eight columns, then what was measured.

    `group` says what the row belongs to ("methods", "ablation/block", ...); `method`, `mask`, `variant` and `setting` are
    empty where they do not apply; `setting` is text, also of numbers. `measure` looks like `accuracy/forget`.
    A value that does not exist (a relearn time past its cap, a recovery of a masking that cost nothing) is NaN.

    Raises:
        InputError: a field has another type, the value is infinite, or `experiment`, `task` or `measure` is empty.
    """

    experiment: str
    task: str
    seed: int
    group: str
    method: str
    mask: str
    variant: str
    setting: str
    measure: str
    value: float

    def __post_init__(self) -> None:
        for name in TEXT:
            if not isinstance(getattr(self, name), str) or not getattr(self, name).isprintable():
                raise InputError("must be printable text", code="row", field=name, value=getattr(self, name))
        for name in ("experiment", "task", "measure"):
            if not getattr(self, name):
                raise InputError("is empty", code="row", field=name)
        if type(self.seed) is not int or self.seed < 0:
            raise InputError("must be a non-negative integer", code="row", field="seed", value=self.seed)
        if type(self.value) not in (int, float) or math.isinf(self.value):
            raise InputError("must be a finite number or NaN", code="row", field="value", value=self.value)


COLUMNS = tuple(field.name for field in fields(Row))
TEXT = tuple(name for name in COLUMNS if name not in ("seed", "value"))


@dataclass(frozen=True)
class Record:
    """What one unit of work found: its rows, the digest of the configuration, and wall seconds; `program` is the digest of
    the sources that measured it (`lab.program`), empty in records from before it was kept."""

    digest: str
    unit: str
    seed: int
    seconds: float
    rows: tuple[Row, ...]
    program: str = ""


def path_of(results: Path, unit: str) -> Path:
    """Where a unit's record lies."""
    return results / "records" / f"{unit}.json"


def save(results: Path, record: Record) -> None:
    """Write one record whole; whatever was there is replaced."""
    path = path_of(results, record.unit)
    make_directory(path.parent)
    rows = ",\n  ".join(json.dumps(_spelled(asdict(row)), allow_nan=False) for row in record.rows)
    head = {"digest": record.digest, "unit": record.unit, "seed": record.seed, "seconds": round(record.seconds, 3)}
    if record.program:
        head["program"] = record.program
    text = json.dumps(head, allow_nan=False)[:-1] + f', "rows": [\n  {rows}\n]}}\n'
    write_text(path, text, force=True)


def load(results: Path, unit: str) -> Record | None:
    """The record of a unit, of whatever configuration; None if there is none.

    Raises:
        InputError: the file is not a record of that unit. StorageError: it cannot be read.
    """
    path = path_of(results, unit)
    if not path.exists():
        return None
    with storage_errors(path):
        data = path.read_bytes()
    try:
        return _parse(data, unit)
    except InputError as error:
        error.hint = error.hint or "remove the file: the unit is then measured again"
        raise error.in_file(path) from error


def _parse(data: bytes, unit: str) -> Record:
    if len(data) > _MAX_BYTES:
        raise InputError(f"is longer than {_MAX_BYTES} bytes", code="record", value=len(data))
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError("is not JSON", code="record") from error
    expected = {field.name for field in fields(Record)}
    if not isinstance(value, dict) or set(value) | {"program"} != expected:
        raise InputError(f"must be an object of {', '.join(sorted(expected))}", code="record")
    if value["unit"] != unit:
        raise InputError("is a record of another unit", code="record", field="unit", value=value["unit"])
    for field, kinds in (("digest", str), ("seed", int), ("seconds", int | float), ("rows", list), ("program", str)):
        if not isinstance(value.get(field, ""), kinds) or isinstance(value.get(field), bool):
            raise InputError("has another type", code="record", field=field, value=value.get(field))
    rows = tuple(_parse_row(row, index) for index, row in enumerate(value["rows"]))
    return Record(value["digest"], unit, value["seed"], float(value["seconds"]), rows, value.get("program", ""))


def _parse_row(value: Any, index: int) -> Row:
    if not isinstance(value, Mapping) or set(value) != set(COLUMNS):
        raise InputError(f"must be an object of {', '.join(COLUMNS)}", code="record", field=f"rows[{index}]")
    number = math.nan if value["value"] is None else value["value"]
    try:
        return Row(**(dict(value) | {"value": number}))
    except InputError as error:
        error.field = f"rows[{index}].{error.field}"
        raise


def _spelled(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: a value that does not exist is null."""
    return row | {"value": None if math.isnan(row["value"]) else row["value"]}


def rows_of(base: Mapping[str, Any], measures: Mapping[str, float]) -> list[Row]:
    """A row for each measure: `base` are all other columns, those left out are empty."""
    empty = {"group": "", "method": "", "mask": "", "variant": "", "setting": ""}
    return [Row(**(empty | dict(base)), measure=name, value=float(value)) for name, value in measures.items()]


def all_rows(records: Iterable[Record]) -> list[tuple[Row, str]]:
    """Every row with its record's digest, in the order of the records."""
    return [(row, record.digest) for record in records for row in record.rows]
