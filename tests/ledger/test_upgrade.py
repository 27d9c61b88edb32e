"""A ledger of version 2 becomes one of this version: the same rows, the same rules, or it stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from artefact_factory import Factory
from sqlalchemy import Connection, Engine, inspect, text

from zkapex_jax.errors import InputError, ZkapexError
from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.database import connect
from zkapex_jax.ledger.place import parse_place
from zkapex_jax.ledger.schema import APPLICATION_ID, REVISION, SCHEMA_VERSION, VERSION_TABLE, Base
from zkapex_jax.ledger.upgrading import run_scripts, upgrade
from zkapex_jax.protocol import SigningKey
from zkapex_jax.protocol.chain import next_state

_TABLES = ("chain", "provider_keys", "bases", "enrolments", "commitments", "requests", "verdicts", "states")


@pytest.fixture
def filled(ledger: Ledger, make: Factory, key: SigningKey) -> Ledger:
    """Two clients; alice complied, so that there are two masks."""
    enrolled = {name: make.enrol(ledger, name) for name in ("alice", "bob")}
    request = make.request(key)
    ledger.add_request(request)
    bundle = make.bundle(enrolled["alice"][0], request, enrolled["alice"][1])
    ledger.accept(bundle, next_state(enrolled["alice"][1], request, bundle, make.path("state")), seconds=0.1)
    return ledger


@pytest.fixture
def old(place: str, filled: Ledger, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same ledger as version 2 kept it."""
    made = str(tmp_path_factory.mktemp("old") / "ledger.sqlite")
    if "://" in place:
        made = request.getfixturevalue("postgres").database()
    else:
        _header(made, 2)
    engine = connect(parse_place(made))
    with filled._engine.connect() as source, engine.execution_options(zkapex_write=True).begin() as target:
        run_scripts(target, target="0002")
        for table in _TABLES:
            rows = source.execute(text(_read(table))).mappings().all()
            for row in rows:
                target.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})"), dict(row))
        for table in ("enrolments", "requests", "verdicts", "states") if "://" in place else ():
            target.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))
        if "://" not in place:
            target.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    engine.dispose()
    return made


def _header(path: str, version: int) -> None:
    import sqlite3

    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def _read(table: str) -> str:
    if table != "states":
        return f"SELECT * FROM {table}"
    names = "id, enrolment_id, position, state_digest, head, sequence"
    return f"SELECT {names}, packed AS cumulative FROM states JOIN masks ON digest = mask_digest"


def test_an_old_ledger_says_how_to_upgrade_it(old: str) -> None:
    with pytest.raises(InputError, match="older schema version than 3 .got 2.; upgrade it with `zkapex ledger upgrade PROVIDER`") as caught:
        Ledger.open(old)
    assert caught.value.code == "old_version"


def test_upgraded_it_is_the_same_ledger(old: str, filled: Ledger, make: Factory, key: SigningKey) -> None:
    assert upgrade(old) == (2, SCHEMA_VERSION)
    made = Ledger.open(old)
    assert made.check() == filled.check() and made.head() == filled.head()
    assert made.enrolments() == filled.enrolments() and made.verdicts() == filled.verdicts()
    assert [made.state(name) for name in ("alice", "bob")] == [filled.state(name) for name in ("alice", "bob")]
    make.enrol(made, "carol")
    assert made.state("carol").position == 0, "new rows get numbers that are free"
    assert upgrade(old) == (SCHEMA_VERSION, SCHEMA_VERSION), "again changes nothing"
    made.close()


def test_the_planner_knows_of_upgraded_rows(old: str) -> None:
    """PostgreSQL plans by statistics: without them its guess of a table that was just filled is any number."""
    upgrade(old)
    engine = connect(parse_place(old))
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            for table in Base.metadata.tables:
                rows = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                assert connection.execute(text("SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)"), {"name": table}).scalar_one() == rows
        else:
            assert not inspect(connection).has_table("sqlite_stat1"), "SQLite's file stays as it is"
    engine.dispose()


def test_scripts_and_tables_say_the_same(old: str, filled: Ledger) -> None:
    upgrade(old)
    engine = connect(parse_place(old))
    with engine.connect() as upgraded, filled._engine.connect() as made:
        context = MigrationContext.configure(upgraded, opts={"version_table": VERSION_TABLE, "compare_type": False})
        assert compare_metadata(context, Base.metadata) == []
        assert _shape(upgraded) == _shape(made)
        assert upgraded.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one() == REVISION
    engine.dispose()
    with pytest.raises(ZkapexError, match="append-only"):
        _write(connect(parse_place(old)), "UPDATE states SET position = 9")


def _shape(connection: Connection) -> dict[str, Any]:
    found = inspect(connection)
    return {table: _table(found, table) for table in found.get_table_names()} | {"triggers": _triggers(connection)}


def _table(found: Any, table: str) -> tuple[Any, ...]:
    columns = {column["name"]: (str(column["type"]), column["nullable"], column["primary_key"] if "primary_key" in column else 0) for column in found.get_columns(table)}
    indexes = {index["name"]: (index["column_names"], index["unique"]) for index in found.get_indexes(table)}
    unique = sorted(tuple(one["column_names"]) for one in found.get_unique_constraints(table))
    foreign = sorted((tuple(one["constrained_columns"]), one["referred_table"]) for one in found.get_foreign_keys(table))
    return columns, indexes, unique, foreign


def _triggers(connection: Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.dialect.name == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    return sorted(connection.execute(text(query)).scalars())


def _write(engine: Engine, statement: str) -> None:
    from zkapex_jax.ledger.database import transaction

    with transaction(engine, "ledger") as session:
        session.execute(text(statement))


def test_a_failure_on_the_way_leaves_version_2(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    def fail(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hashlib, "sha256", fail)
    with pytest.raises(OSError, match="space"):
        upgrade(old)
    monkeypatch.undo()
    with pytest.raises(InputError, match="older"):
        Ledger.open(old)
    assert upgrade(old)[0] == 2


def test_a_damaged_old_ledger_is_found_out(old: str) -> None:
    engine = connect(parse_place(old))
    _write(engine, "UPDATE enrolments SET client_id = 'eve' WHERE client_id = 'bob'")
    engine.dispose()
    with pytest.raises(InputError, match="differs from its sealed event"):
        upgrade(old)


@pytest.mark.parametrize("version", [1, 4])
def test_versions_without_a_way(place: str, filled: Ledger, version: int) -> None:
    if "://" in place:
        _write(filled._engine, f"UPDATE {VERSION_TABLE} SET version_num = '{version:04}'")
    else:
        _header(place, version)
    for attempt in (Ledger.open, upgrade):
        with pytest.raises(InputError, match="another schema version") as caught:
            attempt(place)
        assert caught.value.code == "wrong_version"
