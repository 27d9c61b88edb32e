"""A service's database of the first version: its receipts are there after the upgrade, and nothing is signed twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, inspect, text

from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.place import parse_place
from zkapex_jax.service import receipts
from zkapex_jax.service.migrations import upgrading
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.store import Store


def first_version(connection: Connection) -> None:
    config = upgrading._config()
    config.attributes["connection"] = connection
    command.upgrade(config, "s0001")
    row = {"digest": "1" * 64, "client": "alice", "bundle": "2" * 64, "document": '{"format":"zkapex.receipt"}', "made": 7}
    connection.execute(text("INSERT INTO service_receipts VALUES (:digest, :client, :bundle, :document, :made)"), row)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "ledger.sqlite") if request.param == "sqlite" else request.getfixturevalue("postgres").database()


def test_receipts_of_the_first_version_are_kept(place: str, tmp_path: Path) -> None:
    from zkapex_jax.ledger.database import connect

    Ledger.create(place).close()
    engine = connect(parse_place(place))
    with engine.execution_options(zkapex_write=True).begin() as connection:
        first_version(connection)
    engine.dispose()
    store = Store.open(Settings(provider=tmp_path, database=f"sqlite:///{place}" if "://" not in place else place))
    (row,) = receipts.of_client(store, "alice")
    assert (row.digest, row.kind, row.subject, row.why, row.document, row.made) == ("1" * 64, "receipt", "2" * 64, "", '{"format":"zkapex.receipt"}', 7)
    with store.read() as session:
        tables = inspect(session.connection()).get_table_names()
    assert "service_receipts" not in tables and "service_statements" in tables
    store.close()
