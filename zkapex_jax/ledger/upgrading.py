"""Bring an older ledger to this version: all scripts that it lacks, in one transaction, then the whole chain is checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from zkapex_jax.errors import InternalError
from zkapex_jax.ledger.database import check_version, connect, database_errors, version_of
from zkapex_jax.ledger.ledger import Ledger
from zkapex_jax.ledger.place import Place, parse_place
from zkapex_jax.ledger.postgres import refresh_statistics
from zkapex_jax.ledger.schema import SCHEMA_VERSION, Base

#: The version that has no table for its version.
_FIRST = 2


def upgrade(place: str | os.PathLike[str]) -> tuple[int, int]:
    """Versions before and after; the same where nothing was to do. A failure leaves the ledger as it was.

    Raises InputError for what is no ledger, is damaged, or is of a version that no script starts from.
    """
    found = parse_place(place)
    engine = connect(found)
    try:
        with database_errors(found.name), engine.execution_options(zkapex_write=True).connect() as connection:
            before = _upgrade(connection, found)
    finally:
        engine.dispose()
    Ledger.open(place).close()
    return before, SCHEMA_VERSION


def _upgrade(connection: Connection, place: Place) -> int:
    if place.file is not None:  # dropping a table asks every row that points to it, in a transaction that cannot switch that off
        _pragma(connection, "PRAGMA foreign_keys = OFF")
    with connection.begin():
        before = version_of(connection, place)
        if before == SCHEMA_VERSION:
            return before
        if before != _FIRST:
            check_version(before, place)
        run_scripts(connection, stamp=before if place.file is not None and before == _FIRST else None)
        if place.file is not None and connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise InternalError("upgraded rows point nowhere", code="bug", file=place.name)
        refresh_statistics(connection, Base.metadata.tables)
    return before


def run_scripts(connection: Connection, *, stamp: int | None = None, target: str = "head") -> None:
    """Run Alembic within the caller's transaction; `stamp` is what to take the ledger for, where it does not say."""
    from alembic import command  # here: only an upgrade needs it, and it takes a while to load
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    if stamp is not None:
        command.stamp(config, f"{stamp:04}")
    command.upgrade(config, target)


def _pragma(connection: Connection, words: str) -> None:
    """Outside of any transaction, where alone it counts."""
    driver: Any = connection.connection.driver_connection
    driver.execute(words)
