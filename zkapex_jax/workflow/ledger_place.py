"""Where a provider's folder keeps its ledger: its own SQLite file, or the database that `ledger.url` names."""

from __future__ import annotations

from pathlib import Path

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import SECRET_MODE, write_text
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.ledger.place import parse_place

FILE = "ledger.sqlite"
URL = "ledger.url"
_LONGEST = 4096


def ledger_place(folder: Path) -> Path | str:
    """The folder's ledger: a path, or a URL. Raises InputError for a `ledger.url` that is none."""
    url = folder / URL
    if not url.exists():
        return folder / FILE
    try:
        text = read_bytes(url, max_bytes=_LONGEST).decode("utf-8").strip()
        place = parse_place(text)
    except UnicodeDecodeError as error:
        raise InputError("is not text", code="bad_database", file=url) from error
    except InputError as error:
        raise error.in_file(url) from error
    return text if place.file is None else place.file


def keep_url(folder: Path, url: str) -> None:
    """Write down the database of a folder, the owner's alone: the URL may hold a password."""
    if (folder / FILE).exists():
        raise InputError("holds a ledger in a file already", code="bad_database", file=folder / FILE, field="database")
    parse_place(url)
    write_text(folder / URL, url + "\n", mode=SECRET_MODE, force=True)
