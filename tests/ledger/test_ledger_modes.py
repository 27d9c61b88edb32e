"""A ledger names every client: its file, and what SQLite puts beside it, are the owner's alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from artefact_factory import Factory

from zkapex_jax.ledger import Ledger, sqlite
from zkapex_jax.protocol import SigningKey


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


@contextlib.contextmanager
def written_ahead(path: Path) -> Iterator[list[Path]]:
    """The file with a write-ahead log, as a service keeps it, and the two files that come with it."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE provider_keys SET added = added")
        connection.commit()
        yield [path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_new_ledger_is_its_owners(tmp_path: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch, mask: int) -> None:
    """From its first byte: no other mode is ever asked of the system."""
    path, asked, real = tmp_path / "ledger.sqlite", [], os.open
    monkeypatch.setattr(sqlite.os, "open", lambda name, flags, mode=0o777, **rest: (asked.append((name, mode)), real(name, flags, mode, **rest))[1])
    with umask(mask):
        ledger = Ledger.create(path)
        ledger.trust(key.public)
        assert mode(path) == 0o600
        assert {given for name, given in asked if str(name).endswith("ledger.sqlite")} == {0o600}
        with written_ahead(path) as beside:
            assert [mode(place) for place in beside] == [0o600, 0o600]


def test_what_an_older_version_left_open_is_shut(file_ledger: Ledger) -> None:
    path = Path(file_ledger.path)
    path.chmod(0o644)
    with written_ahead(path) as beside:
        assert [mode(place) for place in beside] == [0o644, 0o644], "SQLite gives them the mode that the file has"
        Ledger.open(path).close()
        assert [mode(place) for place in (path, *beside)] == [0o600] * 3


def test_a_copy_that_nobody_may_write_stays_so(file_ledger: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    shutil.copy(file_ledger.path, copy)
    copy.chmod(0o444)
    assert Ledger.open(copy).check() == 2
    assert mode(copy) == 0o400


def test_a_ledger_of_another_owner_is_read_as_it_is(file_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(file_ledger.path)
    path.chmod(0o644)

    def refused(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(self))

    monkeypatch.setattr(Path, "chmod", refused)
    assert Ledger.open(path).check() == 2
    assert mode(path) == 0o644


def test_upgrading_shuts_it_too(file_ledger: Ledger, make: Factory) -> None:
    from zkapex_jax.ledger.upgrading import upgrade

    Path(file_ledger.path).chmod(0o664)
    upgrade(file_ledger.path)
    assert mode(Path(file_ledger.path)) == 0o600
