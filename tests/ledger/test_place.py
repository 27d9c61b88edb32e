"""Where a ledger may lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkapex_jax.errors import InputError
from zkapex_jax.ledger.place import parse_place


def test_files() -> None:
    for text in ("a/ledger.sqlite", Path("a/ledger.sqlite"), "sqlite:///a/ledger.sqlite"):
        assert parse_place(text).file == Path("a/ledger.sqlite") == parse_place(text).name
    assert parse_place("sqlite:////a/ledger.sqlite").file == Path("/a/ledger.sqlite")


def test_databases() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        place = parse_place(f"{scheme}://me@host/name")
        assert place.file is None and place.url.drivername == "postgresql+psycopg"
        assert place.name == "postgresql://me@host/name"


@pytest.mark.parametrize("text", ["mysql://host/name", "://", "postgresql://host:port/name", "sqlite://", "sqlite:///:memory:", "http://x/y"])
def test_other_urls(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_place(text)
    assert caught.value.code == "bad_database" and caught.value.field == "database"
