"""Clients of a service from before keys had a history: the key that each joined with is the first entry, and serves."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from service_world import Site
from sqlalchemy import Connection, inspect, text

from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.place import parse_place
from zkapex_jax.service import clients
from zkapex_jax.service.keys import history
from zkapex_jax.service.migrations import upgrading
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Base, Client, Job

ALICE, BOB = "1" * 64, "2" * 64
JOB = "INSERT INTO service_jobs (id, client_id, kind, digest, upload, proof_upload, status, worker, attempts, due, lease, made) VALUES "


def second_version(connection: Connection) -> None:
    """Two clients, an open invitation, a job of alice's, and one of a client that was removed by hand."""
    config = upgrading._config()
    config.attributes["connection"] = connection
    command.upgrade(config, "s0002")
    connection.execute(text(f"INSERT INTO service_clients VALUES ('alice', '{ALICE}', 7, 'd1'), ('bob', '{BOB}', 8, 'd2')"))
    connection.execute(text("INSERT INTO service_invitations VALUES ('d3', 'carol', 1, 4000000000000, NULL)"))
    connection.execute(text(f"{JOB} ('j1', 'alice', 'bundle', 'd', 'u1', '', 'queued', '', 0, 0, 0, 5)"))
    connection.execute(text(f"{JOB} ('j2', 'gone', 'bundle', 'd', 'u2', '', 'done', '', 1, 0, 0, 5)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    from zkapex_jax.ledger.database import connect

    place = str(tmp_path / "ledger.sqlite") if request.param == "sqlite" else request.getfixturevalue("postgres").database()
    Ledger.create(place).close()
    engine = connect(parse_place(place))
    with engine.execution_options(zkapex_write=True).begin() as connection:
        second_version(connection)
    engine.dispose()
    return Store.open(Settings(provider=tmp_path, database=f"sqlite:///{place}" if "://" not in place else place))


def test_keys_of_the_second_version_serve_on(store: Store) -> None:
    with store.read() as session:
        assert [(row.client_id, row.joined) for row in session.query(Client).order_by(Client.client_id)] == [("alice", 7), ("bob", 8)]
        assert {row.id: row.public for row in session.query(Job)} == {"j1": ALICE, "j2": ""}
        columns = {column["name"] for column in inspect(session.connection()).get_columns("service_clients")}
    assert columns == {"client_id", "joined"}
    (key,) = history(store, "alice")
    assert (key.public, key.invitation, key.since, key.ended, key.why, key.words) == (ALICE, "d1", 7, None, "", "")
    assert {name.client_id: name.standing for name in clients.fleet(store).members} == {"alice": "joined", "bob": "joined", "carol": "invited"}
    store.close()


def test_an_upgrade_makes_the_tables_that_this_version_says(store: Store, site: Site) -> None:
    """Names, types and indexes; also of a service that was new."""
    for one in (store, site.service.store):
        with one.read() as session:
            found = inspect(session.connection())
            for table in Base.metadata.sorted_tables:
                assert {column["name"] for column in found.get_columns(table.name)} == {column.name for column in table.columns}
                assert {index["name"] for index in found.get_indexes(table.name)} >= {index.name for index in table.indexes if index.name}
    store.close()
