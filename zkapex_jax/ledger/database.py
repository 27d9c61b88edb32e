"""Open a ledger's database: ours, whole, of a version we know; and turn the database's errors into sentences."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.ledger import postgres, sqlite
from zkapex_jax.ledger.place import Place
from zkapex_jax.ledger.schema import REVISION, SCHEMA_VERSION, VERSION_TABLE, Base

Name = str | os.PathLike[str]
_UPGRADE = "upgrade it with `zkapex ledger upgrade PROVIDER`"
_OTHER = "open it with the zkapex version that wrote it"


def create_database(place: Place) -> Engine:
    """A new, empty ledger, which appears whole. Raises StorageError if there is one already, or it cannot be made."""
    if place.file is not None:
        with database_errors(place.file), sqlite.making(place.file) as connection:
            _create(connection)
        return sqlite.engine_of(place)
    engine = postgres.engine_of(place)
    with database_errors(place.name), engine.execution_options(zkapex_write=True).begin() as connection:
        if postgres.is_made(connection):
            raise StorageError("database holds a ledger already", code="exists", file=place.name, hint="choose another database")
        _create(connection)
    return engine


def database_exists(place: Place) -> bool:
    """Whether there is a file, or a ledger in the database."""
    if place.file is not None:
        return place.file.exists()
    engine = postgres.engine_of(place)
    try:
        with database_errors(place.name), engine.connect() as connection:
            return postgres.is_made(connection)
    finally:
        engine.dispose()


def open_database(place: Place) -> Engine:
    """An existing ledger, after checking that it is one, of this version, and whole. Raises InputError or StorageError."""
    engine = connect(place)
    with database_errors(place.name), engine.connect() as connection:
        check_version(version_of(connection, place), place)
        if place.file is not None:
            sqlite.check_whole(connection, place.file)
    return engine


def connect(place: Place) -> Engine:
    """Connections to a database, which may be of an older version. Raises InputError where there is no database."""
    if place.file is not None:
        sqlite.keep_private(place.file)
        sqlite.check_magic(place.file)
        return sqlite.engine_of(place)
    return postgres.engine_of(place)


def version_of(connection: Connection, place: Place) -> int:
    """Schema version of what is there. Raises InputError if it is no ledger."""
    if place.file is not None:
        return sqlite.version(connection, place.file)
    return postgres.version(connection, place.name)


def check_version(found: int, place: Place) -> None:
    """Raise InputError for another version than this program's, saying what to do."""
    if found != SCHEMA_VERSION:
        older = 2 <= found < SCHEMA_VERSION
        raise InputError(
            f"ledger has {'an older' if older else 'another'} schema version than {SCHEMA_VERSION}",
            code="old_version" if older else "wrong_version", file=place.name, field="version", value=found,
            hint=_UPGRADE if older else _OTHER,
        )  # fmt: skip


@contextlib.contextmanager
def transaction(engine: Engine, name: Name) -> Iterator[Session]:
    """A write transaction: takes the lock at once, commits at the end of the block, or leaves nothing."""
    writer = engine.execution_options(zkapex_write=True)
    with database_errors(name), Session(writer, expire_on_commit=False) as session, session.begin():
        session.connection()  # a session alone begins with its first statement
        yield session


@contextlib.contextmanager
def reading(engine: Engine, name: Name) -> Iterator[Session]:
    """A session for queries only, all of one moment."""
    with database_errors(name), Session(engine, expire_on_commit=False) as session:
        yield session


@contextlib.contextmanager
def database_errors(name: Name) -> Iterator[None]:
    """Turn SQLAlchemy's exceptions of the block into ours."""
    try:
        yield
    except IntegrityError as error:
        raise RefusedError(f"ledger refuses the row: {_line(error)}", code="ledger_rule", file=name) from error
    except (OperationalError, InterfaceError) as error:
        raise _operational(error, name) from error
    except PoolTimeoutError as error:
        raise StorageError("too many commands use the ledger at once", code="locked", file=name, hint="try again") from error
    except UnicodeDecodeError as error:  # SQLite's own words may repeat bytes of a damaged file
        raise InputError("ledger is damaged: it holds text that is not UTF-8", code="damaged", file=name) from error
    except MemoryError as error:  # SQLite's answer to a record that claims to be long
        raise InputError("ledger is damaged, or a row does not fit in memory", code="damaged", file=name) from error
    except DatabaseError as error:
        if _state(error) == "42501":
            raise StorageError("the database refuses: no permission", file=name) from error
        raise InputError(f"ledger is damaged: {_line(error)}", code="damaged", file=name) from error


def _operational(error: DatabaseError, name: Name) -> StorageError | InputError:
    state, message = _state(error), _line(error)
    lowered = message.lower()
    if state == "53100" or "full" in lowered:
        return StorageError("no space left on the disk; nothing was recorded", code="disk_full", file=name)
    if "no such table" in lowered or "no such column" in lowered or "malformed" in lowered:
        return InputError(f"ledger is damaged: {message}", code="damaged", file=name)
    if "locked" in lowered or state in ("55P03", "40P01", "40001"):
        return StorageError("another command is writing to the ledger", code="locked", file=name, hint="try again")
    return StorageError(f"cannot use the ledger: {message}", file=name)


def _state(error: DatabaseError) -> str | None:
    """PostgreSQL's five-letter code of an error."""
    return getattr(error.orig, "sqlstate", None)


def _line(error: DatabaseError) -> str:
    """The driver's words on one line."""
    return next(iter(str(error.orig).splitlines()), "")


def _create(connection: Connection) -> None:
    """All tables, and their version where Alembic looks for it."""
    Base.metadata.create_all(connection)
    connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (:revision)"), {"revision": REVISION})
