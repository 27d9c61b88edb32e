"""The ledger in a PostgreSQL database: one writer at a time by an advisory lock, readers on snapshots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text

from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.ledger.place import Place
from zkapex_jax.ledger.schema import APPLICATION_ID, VERSION_TABLE

#: As long as SQLite waits for another writer.
_PATIENCE = "10s"


def engine_of(place: Place) -> Engine:
    """A pool of connections. A write transaction waits for the ledger's lock first; a reader sees one moment throughout."""
    try:
        engine = create_engine(place.url, pool_pre_ping=True)
    except ImportError as error:
        raise InternalError(
            "the driver of PostgreSQL is not installed", code="missing_part", hint="install zkapex[service]"
        ) from error

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("zkapex_write", False):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({APPLICATION_ID})")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

    return engine


def refresh_statistics(connection: Connection, tables: Iterable[str]) -> None:
    """Let the planner look at tables that were just filled in bulk: it would go by what it knew of them until autovacuum comes by.

    Another database than PostgreSQL is left as it is.
    """
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"ANALYZE {', '.join(map(quote, tables))}")


def version(connection: Connection, name: Any) -> int:
    """Schema version of the database's ledger. Raises InputError if it holds none."""
    if not is_made(connection):
        raise InputError(
            "database holds no zkapex ledger", code="wrong_kind", file=name,
            hint="create one with `zkapex keygen DIR --database URL`",
        )  # fmt: skip
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()
    return int(found[0]) if len(found) == 1 and found[0].isdecimal() else 0


def is_made(connection: Connection) -> bool:
    """Whether there is a ledger in the database's schema."""
    return inspect(connection).has_table(VERSION_TABLE)
