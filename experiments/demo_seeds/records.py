"""Results on disk: one JSON file a run, so that a study goes on where it stopped; and one CSV over all runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from experiments.demo_seeds.config import StudyConfig
from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import make_directory, storage_errors, write_text

Record = dict[str, Any]
SETS = ("forget", "retain", "personal")


def path_of(folder: Path, task: str, seed: int) -> Path:
    """Where a run's record lies."""
    return folder / f"{task}-{seed}.json"


def save(folder: Path, record: Record) -> None:
    """Write one record; whatever was there is replaced."""
    make_directory(folder)
    text = json.dumps(record, indent=1, sort_keys=True, allow_nan=False)
    write_text(path_of(folder, record["task"], record["seed"]), text + "\n", force=True)


def load(folder: Path, config: StudyConfig, task: str, seed: int) -> Record | None:
    """The record of a run of this very configuration; None if there is none, or it is of another configuration.

    Raises:
        InputError: the file is not a record. StorageError: it cannot be read.
    """
    path = path_of(folder, task, seed)
    if not path.exists():
        return None
    with storage_errors(path):
        data = path.read_bytes()
    try:
        record = json.loads(data)
    except ValueError as error:
        raise InputError("is not JSON", code="record", file=path) from error
    if not isinstance(record, dict) or not {"accuracy", "chunks", "digest", "seconds", "seed", "task"} <= set(record):
        raise InputError("is not a record of this study", code="record", file=path, hint="remove the file")
    same = (record["task"], record["seed"], record["digest"]) == (task, seed, config.digest(task))
    return record if same else None


def write_csv(path: Path, records: Iterable[Record]) -> None:
    """One line a (task, seed, model): accuracy on each set, 0 to 1."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["task", "seed", "model", *SETS, "digest"])
    for record in records:
        for model, accuracy in record["accuracy"].items():
            writer.writerow([record["task"], record["seed"], model, *(f"{accuracy[name]:.6f}" for name in SETS), record["digest"]])
    write_text(path, text.getvalue(), force=True)
