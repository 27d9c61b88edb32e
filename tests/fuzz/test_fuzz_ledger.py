"""Ledgers that are whole by their chain and yet say what no ledger says: found by fuzzing, refused with a typed error."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from fuzz_ledger import edited, read, template
from fuzz_targets import targets
from zkapex_jax.errors import InputError
from zkapex_jax.ledger.database import database_errors

CHAIN, PAYLOAD, KIND = "chain", "payload", "kind"


def chain() -> list[tuple[int, str, dict[str, str]]]:
    """(sequence, kind, payload) of each event of the template."""
    database = sqlite3.connect(":memory:")
    database.deserialize(template())
    rows = database.execute("SELECT sequence, kind, payload FROM chain ORDER BY sequence").fetchall()
    return [(sequence, kind, json.loads(payload)) for sequence, kind, payload in rows]


def tables() -> dict[str, list[str]]:
    """Table -> columns, in the order in which edits number them."""
    database = sqlite3.connect(":memory:")
    database.deserialize(template())
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {name: [column for _, column, *_ in database.execute(f"PRAGMA table_info({name})")] for name in names}


def edit(table: str, column: str, row: int, value: Any) -> list[Any]:
    found = tables()
    return [list(found).index(table), found[table].index(column), row, value]


def whole(*edits: list[Any]) -> bytes:
    """A ledger with these rows, its chain sealed again."""
    return edited(json.dumps({"edits": edits, "seal": True}).encode())


def at(kind: str) -> int:
    return next(sequence for sequence, found, _ in chain() if found == kind) - 1


def without(kind: str, field: str) -> list[Any]:
    payload = dict(chain()[at(kind)][2])
    del payload[field]
    return edit(CHAIN, PAYLOAD, at(kind), json.dumps(payload, sort_keys=True, separators=(",", ":")))


CASES = {
    "payload is a list": [("chain", "payload", 0, "[]")],
    "payload is no text": [("chain", "payload", 0, {"hex": "7b7d"})],
    "unknown kind": [("chain", "payload", 0, '{"kind":"x"}'), ("chain", "kind", 0, "x")],
    "row of another event": [("enrolments", "sequence", 0, 1)],
    "mask is text": [("masks", "packed", 0, "x")],
}


def test_the_template_is_accepted() -> None:
    read(template())
    read(whole())


def test_words_of_sqlite_that_are_not_utf8() -> None:
    """It repeats the statement of a table that it cannot read."""
    data = template()
    assert data.count(b"CREATE TABLE chain") == 1
    for broken in (b"CREATE \xf2ABLE chain", b"CREATE TABLE cha\xf2n", b"XREATE TABLE \xf2hain"):
        refuse(data.replace(b"CREATE TABLE chain", broken))


def test_records_that_claim_to_be_long() -> None:
    with pytest.raises(InputError, match="damaged"), database_errors("ledger.sqlite"):
        raise MemoryError


@pytest.mark.parametrize("name", CASES)
def test_whole_ledgers_of_other_forms_are_refused(name: str) -> None:
    refuse(whole(*(edit(*step) for step in CASES[name])))


@pytest.mark.parametrize(("kind", "field"), [("close", "request_id"), ("enrolment", "client_id"), ("state", "client_id")])
def test_events_lack_no_field(kind: str, field: str) -> None:
    refuse(whole(without(kind, field)))


def refuse(data: bytes) -> None:
    (text,) = targets()["ledger"].run(data).values()
    assert text != "accepted" and "Error" in text
