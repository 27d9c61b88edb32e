"""Where a ledger lies: an SQLite file, or a PostgreSQL database by its URL."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from zkapex_jax.errors import InputError

_POSTGRES = frozenset({"postgres", "postgresql", "postgresql+psycopg"})


@dataclass(frozen=True)
class Place:
    """`file` is None for PostgreSQL. `name` is what errors and results call it: never with a password."""

    url: URL
    file: Path | None

    @property
    def name(self) -> Path | str:
        return self.file if self.file is not None else self.url.set(drivername="postgresql").render_as_string(hide_password=True)


def parse_place(place: str | os.PathLike[str]) -> Place:
    """A path, `sqlite:///PATH`, or `postgresql://…`. Raises InputError for any other URL."""
    text = os.fspath(place)
    if "://" not in text:
        return _file(Path(text))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise _bad("is not a URL") from error
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if not url.database or url.database == ":memory:" or url.query:
            raise _bad("must name a file")
        return _file(Path(url.database))
    if url.drivername not in _POSTGRES:
        raise _bad("must be of SQLite or PostgreSQL", url.drivername)
    return Place(url.set(drivername="postgresql+psycopg"), None)


def _file(path: Path) -> Place:
    return Place(URL.create("sqlite", database=os.fspath(path)), path)


def _bad(message: str, value: str | None = None) -> InputError:
    return InputError(
        message, code="bad_database", field="database", value=value, hint="such as sqlite:///ledger.sqlite or postgresql://host/name"
    )
