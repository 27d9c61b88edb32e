"""Open a ledger file: ours, whole, of a version we know; and turn the database's errors into sentences."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.formats.atomic import PUBLIC_MODE, refuse_existing, storage_errors
from zkapex_jax.ledger.schema import APPLICATION_ID, SCHEMA_VERSION, Base

_MAGIC = b"SQLite format 3\0"


def create_database(path: str | os.PathLike[str]) -> Engine:
    """A new, empty ledger. Raises StorageError if the file exists or cannot be made."""
    target = Path(path)
    refuse_existing(target)
    with storage_errors(target):
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, PUBLIC_MODE))
    engine = _engine(target)
    try:
        with database_errors(target), engine.begin() as connection:
            connection.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
            connection.execute(text(f"PRAGMA user_version = {SCHEMA_VERSION}"))
            Base.metadata.create_all(connection)
    except BaseException:
        with contextlib.suppress(OSError):
            target.unlink()
        raise
    return engine


def open_database(path: str | os.PathLike[str]) -> Engine:
    """An existing ledger, after checking that it is one and is whole. Raises InputError or StorageError."""
    target = Path(path)
    _check_magic(target)
    engine = _engine(target)
    with database_errors(target), engine.connect() as connection:
        application, version = (
            connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("application_id", "user_version")
        )
        if application != APPLICATION_ID:
            raise InputError("is an SQLite file but no zkapex ledger", code="wrong_kind", file=target)
        if version != SCHEMA_VERSION:
            raise InputError(
                f"ledger has another schema version than {SCHEMA_VERSION}",
                code="wrong_version", file=target, field="user_version", value=version,
                hint="open it with the zkapex version that wrote it",
            )  # fmt: skip
        found = connection.execute(text("PRAGMA quick_check")).scalars().all()
        if found != ["ok"]:
            raise InputError("ledger is damaged", code="damaged", file=target, value=found[0])
    return engine


@contextlib.contextmanager
def transaction(engine: Engine, path: Path) -> Iterator[Session]:
    """A write transaction: takes the lock at once, commits at the end of the block, or leaves nothing."""
    writer = engine.execution_options(zkapex_write=True)
    with database_errors(path), Session(writer, expire_on_commit=False) as session, session.begin():
        yield session


@contextlib.contextmanager
def reading(engine: Engine, path: Path) -> Iterator[Session]:
    """A session for queries only."""
    with database_errors(path), Session(engine, expire_on_commit=False) as session:
        yield session


@contextlib.contextmanager
def database_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn SQLAlchemy's exceptions of the block into ours."""
    try:
        yield
    except IntegrityError as error:
        raise RefusedError(f"ledger refuses the row: {error.orig}", code="ledger_rule", file=path) from error
    except OperationalError as error:
        raise _operational(str(error.orig), path) from error
    except DatabaseError as error:
        raise InputError(f"ledger is damaged: {error.orig}", code="damaged", file=path) from error


def _operational(message: str, path: str | os.PathLike[str]) -> StorageError | InputError:
    lowered = message.lower()
    if "full" in lowered:
        return StorageError("no space left on the disk; nothing was recorded", code="disk_full", file=path)
    if "no such table" in lowered or "no such column" in lowered or "malformed" in lowered:
        return InputError(f"ledger is damaged: {message}", code="damaged", file=path)
    if "locked" in lowered:
        return StorageError("another command is writing to the ledger", code="locked", file=path, hint="try again")
    return StorageError(f"cannot use the ledger: {message}", file=path)


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": 10})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own transactions come too late for BEGIN IMMEDIATE
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("zkapex_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _check_magic(path: Path) -> None:
    if not path.exists():
        raise InputError("no such ledger", code="missing_file", file=path, hint="create one with `zkapex keygen DIR`")
    with storage_errors(path), open(path, "rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise InputError("is not a ledger (not an SQLite file)", code="wrong_kind", file=path)
