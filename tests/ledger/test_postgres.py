"""What is PostgreSQL's own: whose database it is, who writes, what its triggers refuse, what errors may show."""

from __future__ import annotations

import threading

import pytest
from artefact_factory import Factory
from postgres_server import Server
from sqlalchemy import text

from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.ledger import FleetQuery, Ledger, fleet_page, postgres
from zkapex_jax.ledger.database import transaction
from zkapex_jax.ledger.place import parse_place
from zkapex_jax.protocol import SigningKey
from zkapex_jax.protocol.chain import next_state

pytestmark = pytest.mark.parametrize("place", ["postgresql"], indirect=True)
SEALED = ("chain", "bases", "verdicts", "states", "masks", "commitments")


@pytest.fixture
def filled(ledger: Ledger, make: Factory, key: SigningKey) -> Ledger:
    enrolment, state = make.enrol(ledger)
    request = make.request(key)
    ledger.add_request(request)
    bundle = make.bundle(enrolment, request, state)
    ledger.accept(bundle, next_state(state, request, bundle, make.path("state")), seconds=0.1)
    return ledger


def run(ledger: Ledger, *statements: str) -> None:
    with transaction(ledger._engine, ledger.path) as session:
        for statement in statements:
            session.execute(text(statement))


def test_a_database_holds_one_ledger(place: str, filled: Ledger) -> None:
    with pytest.raises(StorageError, match="holds a ledger already"):
        Ledger.create(place)
    assert Ledger.exists(place) and filled.check() == 7


def test_databases_that_are_no_ledger(postgres: Server, place: str) -> None:
    assert not Ledger.exists(place)
    with pytest.raises(InputError, match="holds no zkapex ledger; create one with `zkapex keygen DIR --database URL`"):
        Ledger.open(place)
    with pytest.raises(StorageError, match="cannot use the ledger") as caught:
        Ledger.open(postgres.url("nowhere"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("table", SEALED)
def test_the_database_itself_refuses_edits(filled: Ledger, table: str) -> None:
    column = {"commitments": "enrolment_id", "masks": "digest"}.get(table, "sequence")
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(RefusedError, match="append-only"):
            run(filled, statement)


def test_rows_changed_by_who_owns_the_database(place: str, filled: Ledger) -> None:
    run(filled, "ALTER TABLE verdicts DISABLE TRIGGER ALL", "UPDATE verdicts SET accepted = false, reason = 'late'")
    with pytest.raises(InputError, match="differs from its sealed event"):
        Ledger.open(place)


def test_one_writer_at_a_time(place: str, filled: Ledger, make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits, and gives up after a while; readers do not wait."""
    monkeypatch.setattr(postgres, "_PATIENCE", "50ms")
    hurried = Ledger.open(place, check=False)
    with transaction(filled._engine, filled.path):
        with pytest.raises(StorageError, match="another command is writing"):
            make.enrol(hurried, "bob")
        assert hurried.check() == 7
    make.enrol(hurried, "carol")
    hurried.close()


def test_writers_line_up(filled: Ledger, make: Factory) -> None:
    """Events of many threads at once get places one after another."""
    threads = [threading.Thread(target=filled.trust, args=(make.bytes(32).tobytes().hex(),)) for _ in range(8)]
    keys = len(filled.keys())
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert filled.check() == 7 + len(filled.keys()) - keys


def test_clients_sort_as_in_a_file(ledger: Ledger, make: Factory) -> None:
    for name in ("b", "A", "a", "B", "a-1", "a_0"):
        make.enrol(ledger, name)
    assert [row.client_id for row in fleet_page(ledger, FleetQuery()).rows] == ["A", "B", "a", "a-1", "a_0", "b"]


def test_no_error_shows_a_password(place: str) -> None:
    secret = "postgresql://zkapex:hunter2@127.0.0.1:1/ledger"
    with pytest.raises(StorageError) as caught:
        Ledger.open(secret)
    assert "hunter2" not in str(caught.value) and "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(parse_place(secret).name)
