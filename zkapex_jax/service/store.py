"""The service's sessions on the ledger's database, SQLite or PostgreSQL."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from zkapex_jax.errors import InternalError, StorageError
from zkapex_jax.ledger.place import parse_place
from zkapex_jax.service.migrations.upgrading import is_current, upgrade
from zkapex_jax.service.settings import Settings
from zkapex_jax.workflow.ledger_place import ledger_place

#: Seconds to wait for another writer of an SQLite file.
_PATIENCE = 30
#: Key of PostgreSQL's advisory lock that one upgrade at a time takes.
_UPGRADING = 0x7A6B6173


@dataclass(frozen=True)
class Store:
    """Every method of the rooms beside this file is one transaction of it: done whole, or not at all."""

    _engine: Engine
    _writing: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def open(cls, settings: Settings) -> Store:
        """Connect, and bring the service's tables to this version. Raises InputError for a wrong URL, StorageError."""
        store = cls(_engine(settings))
        with store._errors():
            if store.is_sqlite:
                store._let_readers_be()
            with store._engine.connect() as connection:
                ready = is_current(connection)
            if not ready:
                store._upgrade()
        return store

    def _let_readers_be(self) -> None:
        """A write-ahead log, which the file keeps from then on: who recomputes a long chain no longer holds up every writer."""
        with self._engine.connect() as connection, contextlib.closing(connection.connection.dbapi_connection.cursor()) as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")

    def _upgrade(self) -> None:
        with self._engine.execution_options(zkapex_write=True).begin() as connection:
            if not self.is_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADING})"))
            upgrade(connection)

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that may write: committed at the end of the block, or nothing.

        SQLite has one writer at a time; threads of this process line up for it here, which is fairer than its own waiting.
        """
        line: contextlib.AbstractContextManager[Any] = self._writing if self.is_sqlite else contextlib.nullcontext()
        writer = self._engine.execution_options(zkapex_write=True)
        with self._errors(), line, Session(writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """A session for queries only."""
        with self._errors(), Session(self._engine, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Let every connection go."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """IntegrityError is left to who knows what it means."""
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise _refused(str(error.orig)) from error
        except PoolTimeoutError as error:
            raise StorageError("the database is busy", code="locked", hint="try again") from error


def _refused(words: str) -> StorageError:
    if "full" in words.lower():
        return StorageError("no space left on the disk; nothing was recorded", code="disk_full")
    if "locked" in words.lower():
        return StorageError("the database is busy", code="locked", hint="try again")
    return StorageError(f"cannot use the database: {next(iter(words.splitlines()), '')}", code="database", hint="try again")


def _engine(settings: Settings) -> Engine:
    place = parse_place(settings.database or ledger_place(settings.provider))
    if place.file is not None:
        return _sqlite(place.url)
    try:
        return create_engine(place.url, pool_size=8, max_overflow=32, pool_pre_ping=True)
    except ImportError as error:
        raise InternalError("the driver of PostgreSQL is not installed", code="missing_part", hint="install zkapex[service]") from error


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, pool_size=8, max_overflow=64, connect_args={"timeout": _PATIENCE, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("zkapex_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
