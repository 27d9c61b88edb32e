"""Measurements on disk: one JSON file each, so that a sweep goes on where it stopped and every figure can be traced."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from experiments.performance.machine import QUIET
from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import make_directory, storage_errors, write_text

Record = dict[str, Any]


def digest(parts: Record) -> str:
    """SHA-256 over what fixes a measurement: its settings, and the program measured."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, allow_nan=False).encode()).hexdigest()


def save(path: Path, record: Record) -> None:
    """Write one record; whatever was there is replaced."""
    make_directory(path.parent)
    write_text(path, json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n", force=True)


def read(path: Path) -> Record:
    """Any record. Raises InputError: not a JSON object. StorageError: cannot be read."""
    with storage_errors(path):
        data = path.read_bytes()
    try:
        record = json.loads(data)
    except ValueError as error:
        raise InputError("is not JSON", code="record", file=path) from error
    if not isinstance(record, dict):
        raise InputError("is not a record", code="record", file=path, hint="remove the file")
    return record


def load(path: Path, wanted: str, *, noisy_too: bool) -> Record | None:
    """The record whose digest is `wanted`; None if it is missing, stale, or noisy where noisy ones are not wanted."""
    if not path.exists():
        return None
    record = read(path)
    return record if record.get("digest") == wanted and (noisy_too or not noisy(record)) else None


def noisy(record: Record) -> bool:
    """Whether others used the machine while it was taken."""
    return float(record.get("meter", {}).get("others_share", 1.0)) > QUIET
