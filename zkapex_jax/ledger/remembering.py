"""Open a long ledger without judging all of its history once more: what was found whole before is compared, only the rest is checked.

A mark says: the events up to `sequence`, with exactly these rows, were found whole. It is signed with the provider's key, so that who
can write to the database cannot make one. To hold a ledger against it every one of those rows is read and hashed again; where one bit
of them differs, or there is no mark, the whole ledger is judged as by `Ledger.open`.

That takes time by the number of rows, some 5 s a million events, and not by what is new. It could be less only if old rows were taken
on trust: the rules ask for what is *not* there (a nonce, a commitment, an acceptance), so that no single look-up shows that a row was
taken out; and what a file system says of a file's last change says nothing of a database server's, nor of a disk that forgets.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from zkapex_jax import __version__
from zkapex_jax.errors import InputError
from zkapex_jax.ledger import events
from zkapex_jax.ledger.schema import (
    SCHEMA_VERSION,
    BaseRow,
    ChainEntry,
    EnrolmentRow,
    MaskRow,
    ProviderKey,
    RequestRow,
    StateRow,
    VerdictRow,
)
from zkapex_jax.protocol.fields import Hex32, Sequence
from zkapex_jax.protocol.statement import Statement

#: A mark is made anew when so many events have come since.
LONG = 1000
_ROWS_AT_ONCE = 2000
#: Tables with their events, and the columns that later events change: those are checked every time.
_TABLES: tuple[tuple[Any, frozenset[str]], ...] = (
    (ChainEntry, frozenset()),
    (ProviderKey, frozenset()),
    (BaseRow, frozenset()),
    (EnrolmentRow, frozenset({"replaced"})),
    (RequestRow, frozenset({"closed"})),
    (VerdictRow, frozenset()),
    (StateRow, frozenset()),
)


class LedgerMark(Statement):
    """`rows`: `fingerprint` of everything up to the event `sequence`, whose head is `head`."""

    kind: ClassVar[str] = "ledger-mark"

    sequence: Sequence
    head: Hex32
    rows: Hex32


def fingerprint(session: Session, upto: int) -> str:
    """SHA-256 of every row that belongs to the events up to `upto`, and of the masks that they name, hex.

    Another version of this program, which may check more, takes no mark of this one. `repr` of tuples of integers, floats, texts, bytes, flags and None has one value for one row.
    """
    hasher = hashlib.sha256(f"zkapex.ledger-rows/{SCHEMA_VERSION}\0{__version__}\0{upto}\0".encode())
    for table, changing in _TABLES:
        columns = [column for column in table.__table__.columns if column.name not in changing]
        rows = select(*columns).where(table.sequence <= upto).order_by(table.sequence, *table.__table__.primary_key.columns)
        _add(hasher, session, table.__tablename__, rows)
    named = select(StateRow.mask_digest).where(StateRow.sequence <= upto)
    _add(hasher, session, "masks", select(MaskRow.digest, MaskRow.packed).where(MaskRow.digest.in_(named)).order_by(MaskRow.digest), 1)
    return hasher.hexdigest()


def check_since(session: Session, mark: LedgerMark) -> int | None:
    """Check what is newer than the mark, if the ledger still holds what the mark was made of; the number of newer events then.

    None: the mark is not of what the ledger holds now, and all of it is to be checked. Raises InputError where the newer part is damaged.
    """
    if mark.rows != fingerprint(session, mark.sequence):
        return None
    payloads = events.check_chain(session, mark.sequence, mark.head)
    events.check_rows(session, payloads, mark.sequence)
    return len(payloads)


def facts_of(session: Session) -> dict[str, Any] | None:
    """Fields of a mark of a ledger that was just found whole; None of an empty one."""
    last = session.execute(select(ChainEntry.sequence, ChainEntry.head).order_by(ChainEntry.sequence.desc()).limit(1)).first()
    if last is None:
        return None
    return {"sequence": last.sequence, "head": last.head, "rows": fingerprint(session, last.sequence)}


def _add(hasher: Any, session: Session, name: str, query: Any, at_once: int = _ROWS_AT_ONCE) -> None:
    hasher.update(f"{name}\0".encode())
    for part in _rows(session, query, at_once):
        try:
            hasher.update(repr(part).encode("utf-8"))
        except UnicodeEncodeError as error:
            raise InputError("ledger is damaged: it holds text that is not UTF-8", code="damaged", field=name) from error


def _rows(session: Session, query: Any, at_once: int) -> Iterator[list[tuple[Any, ...]]]:
    """Rows by parts. SQLite's driver hands them over as they lie in the file, in half the time that it takes to make values of them."""
    if session.get_bind().dialect.name != "sqlite":
        for part in session.connection().execute(query.execution_options(yield_per=at_once)).partitions():
            yield [tuple(row) for row in part]
        return
    with contextlib.closing(session.connection().execute(query)) as result:
        try:
            while part := result.cursor.fetchmany(at_once):
                yield part
        except sqlite3.Error as error:
            raise DBAPIError.instance(None, None, error, sqlite3.Error) from error
