"""The ledger in one SQLite file: its owner's alone, made whole, told apart from other files, one writer at a time."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import SECRET_MODE, publish, refuse_existing, storage_errors
from zkapex_jax.formats.passing import passing_folder
from zkapex_jax.ledger.place import Place, parse_place
from zkapex_jax.ledger.schema import APPLICATION_ID, SCHEMA_VERSION

_PASSING = ("-wal", "-shm", "-journal")


@contextlib.contextmanager
def making(path: Path) -> Iterator[Connection]:
    """A transaction on a new file, which takes its name when the block ends. Raises StorageError if it exists or cannot be made."""
    refuse_existing(path)
    with passing_folder(path.parent) as passing:
        made = passing / path.name
        with storage_errors(path):
            os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, SECRET_MODE))
        with engine_of(parse_place(made)).begin() as connection:
            connection.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
            connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))
            yield connection
        with storage_errors(path):
            publish(made, path, force=False)


def keep_private(path: Path) -> None:
    """Take from others what an older version gave them: a ledger names every client. SQLite gives its passing files (`-wal`, `-shm`,
    `-journal`) the mode of the file itself; those that are there now had the old one.

    Whoever reads a ledger that is not its own leaves it as it is.
    """
    for name in (path.name, *(f"{path.name}{suffix}" for suffix in _PASSING)):
        place = path.with_name(name)
        with contextlib.suppress(OSError):
            if (mode := stat.S_IMODE(place.stat().st_mode)) & ~SECRET_MODE:
                place.chmod(mode & SECRET_MODE)


def check_magic(path: Path) -> None:
    """Raise InputError unless it is an SQLite file.

    SQLite looks at it, not we: to open and close the file beside it would drop this process's locks, and another process
    could then undo a transaction that is being written (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    if not path.exists():
        raise InputError("no such ledger", code="missing_file", file=path, hint="create one with `zkapex keygen DIR`")
    with storage_errors(path):
        empty = path.stat().st_size == 0
    if empty or _is_no_database(path):
        raise InputError("is not a ledger (not an SQLite file)", code="wrong_kind", file=path)


def _is_no_database(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(path, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA schema_version")
        except sqlite3.DatabaseError as error:  # whatever else is wrong shows when it is used
            return getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB"
    return False


def version(connection: Connection, path: Path) -> int:
    """Schema version of the file. Raises InputError if it is not ours."""
    application, found = (connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("application_id", "user_version"))
    if application != APPLICATION_ID:
        raise InputError("is an SQLite file but no zkapex ledger", code="wrong_kind", file=path)
    return int(found)


def check_whole(connection: Connection, path: Path) -> None:
    """Raise InputError where SQLite finds its own pages damaged, or the last one is short: it reads zeros for what is missing."""
    size, page = path.stat().st_size, connection.execute(text("PRAGMA page_size")).scalar_one()
    if size % page:
        raise InputError(f"ledger is cut short: not whole pages of {page} bytes", code="damaged", file=path, value=size)
    found = connection.execute(text("PRAGMA quick_check")).scalars().all()
    if found != ["ok"]:
        raise InputError("ledger is damaged", code="damaged", file=path, value=found[0])


def engine_of(place: Place) -> Engine:
    """Connections that are closed after use. A write transaction takes the file's lock at its start, so that it cannot fail later."""
    engine = create_engine(place.url, poolclass=NullPool, connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own transactions come too late for BEGIN IMMEDIATE
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = EXTRA")  # FULL: a power cut may undo what was reported as recorded

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("zkapex_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
