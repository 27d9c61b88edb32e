"""The provider's ledger: files with other bytes, and whole files with other rows, the chain sealed again as its owner could.

An input of `ledger-rows` is JSON: {"edits": [[table, column, row, value], ...], "seal": bool}; a value is text, an integer, a
float, null, a flag, or {"hex": bytes}.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from fuzz_folder import place
from fuzz_targets import Target
from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import generate_key

sys.path.insert(0, str(Path(__file__).parents[1] / "protocol"))

from artefact_factory import Factory  # noqa: E402

_START = hashlib.sha256(b"zkapex.ledger/1\0").hexdigest()
MAX_EDITS = 16


@lru_cache
def template() -> bytes:
    """A ledger with one of everything."""
    with tempfile.TemporaryDirectory() as folder:
        make, key = Factory(Path(folder)), generate_key(Path(folder) / "provider.key")
        ledger = Ledger.create(Path(folder) / "ledger.sqlite")
        ledger.trust(key.public)
        base = make.base(key)
        ledger.add_base(base)
        make.model = base.model_ref
        enrolment, state = make.enrol(ledger)
        request = make.request(key)
        ledger.add_request(request)
        ledger.refuse(make.bundle(enrolment, request, state), reason="a test", seconds=0.1)
        ledger.close_request(request.request_id)
        return ledger.path.read_bytes()


def read(data: bytes) -> None:
    """Everything that a ledger is asked. SQLite asks for a file with a name of its own."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=place()) as folder:
        path = Path(folder) / "ledger.sqlite"
        path.write_bytes(data)
        _ask(Ledger.open(path))


def _ask(ledger: Ledger) -> None:
    ledger.keys(), ledger.bases(), ledger.requests(), ledger.verdicts()
    for enrolment in ledger.enrolments():
        ledger.open_requests(enrolment.client_id)
        if not enrolment.replaced:
            ledger.state(enrolment.client_id)


def edited(data: bytes) -> bytes:
    """The template with other rows. Raises InputError where the bytes are no edits: nothing is read then."""
    try:
        steps = json.loads(data)
        edits, seal = [tuple(edit) for edit in steps["edits"][:MAX_EDITS]], bool(steps["seal"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("is no list of edits") from error
    database = sqlite3.connect(":memory:", isolation_level=None)
    try:
        database.deserialize(template())
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for edit in edits:
            _apply(database, edit)
        if seal:
            _seal(database)
        return database.serialize()
    finally:
        database.close()


def _apply(database: sqlite3.Connection, edit: tuple[Any, ...]) -> None:
    """An edit that the database refuses changes nothing."""
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    try:
        table, column, row, value = edit
        table = tables[int(table) % len(tables)]
        columns = [name for _, name, *_ in database.execute(f"PRAGMA table_info({table})")]
        column = columns[int(column) % len(columns)]
        value = bytes.fromhex(value["hex"]) if isinstance(value, dict) else value
        if row == "delete":
            database.execute(f"DELETE FROM {table} WHERE {column} = ?", (value,))
        else:
            rows = [key for (key,) in database.execute(f"SELECT {columns[0]} FROM {table} ORDER BY 1")]
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {columns[0]} = ?", (value, rows[int(row) % len(rows)]))
    except (sqlite3.Error, ValueError, TypeError, KeyError, OverflowError, ZeroDivisionError):
        return


def _seal(database: sqlite3.Connection) -> None:
    """Heads that fit the payloads, as whoever owns the file can make them."""
    head = _START
    for sequence, payload in database.execute("SELECT sequence, payload FROM chain ORDER BY sequence").fetchall():
        text = payload if isinstance(payload, bytes) else str(payload).encode("utf-8", "replace")
        head = hashlib.sha256(bytes.fromhex(head) + text).hexdigest()
        database.execute("UPDATE OR IGNORE chain SET head = ? WHERE sequence = ?", (head, sequence))


_REFUSALS = (InputError, RefusedError, StorageError)

LEDGER = (
    Target("ledger", "pages", 1 << 18, {"product": read}, _REFUSALS),
    Target("ledger-rows", "json", 1 << 12, {"product": lambda data: read(edited(data))}, _REFUSALS),
)
