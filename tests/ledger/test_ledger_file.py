"""The ledger as a file: ours, whole, of this version, and never half-written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from artefact_factory import Factory

from zkapex_jax.errors import InputError, StorageError, ZkapexError
from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import SigningKey
from zkapex_jax.protocol.chain import next_state


@pytest.fixture
def filled(file_ledger: Ledger, make: Factory, key: SigningKey) -> Ledger:
    ledger = file_ledger
    enrolment, state = make.enrol(ledger)
    request = make.request(key)
    ledger.add_request(request)
    bundle = make.bundle(enrolment, request, state)
    ledger.accept(bundle, next_state(state, request, bundle, make.path("state")), seconds=0.1)
    return ledger


def edit(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_opening_twice_and_creating_over(filled: Ledger) -> None:
    assert Ledger.open(filled.path).check() == 7
    before = filled.path.read_bytes()
    with pytest.raises(StorageError, match="already exists"):
        Ledger.create(filled.path)
    assert filled.path.read_bytes() == before


NOT_OURS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "no such ledger; create one with `zkapex keygen DIR`"),
    "empty": (lambda path: path.write_bytes(b""), "not an SQLite file"),
    "text": (lambda path: path.write_bytes(b"hello" * 100), "not an SQLite file"),
    "another application": (lambda path: edit(path, "PRAGMA application_id = 7"), "no zkapex ledger"),
    "newer version": (lambda path: edit(path, "PRAGMA user_version = 4"), "another schema version than 3.*open it with"),
    "no version": (lambda path: edit(path, "PRAGMA user_version = 1"), "another schema version than 3"),
    "older version": (lambda path: edit(path, "PRAGMA user_version = 2"), "an older schema version than 3.*upgrade it with `zkapex ledger upgrade"),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:8192]), "damaged"),
    "one byte short": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "not whole pages of 4096 bytes"),
    "header alone": (lambda path: path.write_bytes(path.read_bytes()[:100]), "damaged|ledger"),
    "zeroed page": (lambda path: path.write_bytes(path.read_bytes()[:4096] + bytes(4096) + path.read_bytes()[8192:]), "damaged"),
    "lost table": (lambda path: edit(path, "DROP TABLE chain"), "damaged"),
}


@pytest.mark.parametrize("case", NOT_OURS)
def test_files_that_are_no_ledger_of_ours(filled: Ledger, case: str) -> None:
    change, words = NOT_OURS[case]
    change(filled.path)
    before = filled.path.read_bytes() if filled.path.exists() else None
    with pytest.raises(InputError, match=words) as caught:
        Ledger.open(filled.path)
    assert caught.value.file == str(filled.path) and "\n" not in str(caught.value)
    assert (filled.path.read_bytes() if filled.path.exists() else None) == before, "a refused ledger is left as it was"


FORGERIES: dict[str, tuple[str, ...]] = {
    "verdict turned round": ("DROP TRIGGER verdicts_no_update", "UPDATE verdicts SET accepted = 0"),
    "verdict removed": ("DROP TRIGGER verdicts_no_delete", "DELETE FROM verdicts"),
    "event removed": ("DROP TRIGGER chain_no_delete", "PRAGMA foreign_keys = OFF", "DELETE FROM chain WHERE sequence = 4"),
    "last events removed": ("DROP TRIGGER chain_no_delete", "PRAGMA foreign_keys = OFF", "DELETE FROM chain WHERE sequence > 4"),
    "event rewritten": ("DROP TRIGGER chain_no_update", "UPDATE chain SET payload = replace(payload, 'alice', 'bob')"),
    "event relabelled": ("DROP TRIGGER chain_no_update", "UPDATE chain SET kind = 'close' WHERE sequence = 2"),
    "client renamed": ("UPDATE enrolments SET client_id = 'bob'",),
    "proof swapped": ("UPDATE enrolments SET proof_digest = '" + "0" * 64 + "'",),
    "base swapped": ("PRAGMA foreign_keys = OFF", "UPDATE enrolments SET base_digest = '" + "0" * 64 + "'"),
    "base renamed": ("DROP TRIGGER bases_no_update", "PRAGMA foreign_keys = OFF", "UPDATE bases SET digest = '" + "0" * 64 + "'"),
    "weight un-forgotten": ("DROP TRIGGER masks_no_update", "UPDATE masks SET packed = zeroblob(250)"),
    "mask swapped": ("DROP TRIGGER states_no_update", "UPDATE states SET mask_digest = (SELECT mask_digest FROM states WHERE position = 0)"),
    "verdict of another client": ("DROP TRIGGER verdicts_no_update", "PRAGMA foreign_keys = OFF", "UPDATE verdicts SET enrolment_id = 7"),
    "verdict on another request": ("DROP TRIGGER verdicts_no_update", "PRAGMA foreign_keys = OFF", "UPDATE verdicts SET request_id = 7"),
    "reason made up": ("DROP TRIGGER verdicts_no_update", "UPDATE verdicts SET reason = 'late'"),
    "state of another client": ("DROP TRIGGER states_no_update", "PRAGMA foreign_keys = OFF", "UPDATE states SET enrolment_id = 7"),
    "position moved": ("DROP TRIGGER states_no_update", "UPDATE states SET position = 5 WHERE position = 1"),
    "enrolment swapped": ("UPDATE enrolments SET digest = '" + "0" * 64 + "'",),
    "request swapped": ("UPDATE requests SET digest = '" + "0" * 64 + "'",),
    "state swapped": ("DROP TRIGGER states_no_update", "UPDATE states SET state_digest = '" + "0" * 64 + "' WHERE position = 1"),
    "request closed": ("UPDATE requests SET closed = '2026-01-31T12:00:00Z'",),
    "enrolment retired": ("UPDATE enrolments SET replaced = 1",),
    "request removed": ("PRAGMA foreign_keys = OFF", "DELETE FROM requests"),
}


@pytest.mark.parametrize("case", FORGERIES)
def test_rows_changed_behind_the_ledgers_back(filled: Ledger, case: str) -> None:
    edit(filled.path, *FORGERIES[case])
    with pytest.raises(InputError, match="chain|event|row|state|mask"):
        Ledger.open(filled.path)


@pytest.mark.parametrize("table", ["chain", "bases", "verdicts", "states", "masks", "commitments"])
def test_the_database_itself_refuses_edits(filled: Ledger, table: str) -> None:
    for statement in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET rowid = rowid" if table != "commitments" else f"UPDATE {table} SET enrolment_id = 9",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            edit(filled.path, statement)


def test_a_failure_in_the_middle_records_nothing(filled: Ledger, make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    from zkapex_jax.ledger import rules

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rules, "record_enrolment", fail)
    with pytest.raises(OSError, match="space"):
        make.enrol(filled, "bob")
    assert filled.find_enrolment("bob") is None and filled.check() == 7


def test_a_full_disk(filled: Ledger, make: Factory) -> None:
    """SQLite's own page limit stands for a full disk: it fails with the same error."""
    from sqlalchemy import event

    @event.listens_for(filled._engine, "connect")
    def _limit(connection: sqlite3.Connection, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    before = filled.path.read_bytes()
    with pytest.raises(StorageError, match="no space left") as caught:
        make.enrol(filled, "bob")
    assert caught.value.exit_code == 4
    assert Ledger.open(filled.path).find_enrolment("bob") is None
    assert filled.path.read_bytes() == before


def test_a_ledger_in_use(filled: Ledger, make: Factory) -> None:
    other = sqlite3.connect(filled.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    from sqlalchemy import event

    @event.listens_for(filled._engine, "connect")
    def _hurry(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    try:
        with pytest.raises(StorageError, match="another command is writing"):
            make.enrol(filled, "bob")
    finally:
        other.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser writes everywhere")
def test_a_read_only_ledger(filled: Ledger, make: Factory) -> None:
    filled.path.chmod(0o400)
    with pytest.raises(StorageError):
        make.enrol(filled, "bob")


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ZkapexError, match="no such file"):
        Ledger.create(tmp_path / "none" / "ledger.sqlite")
