"""The fleet as CSV, a batch at a time, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields

from zkapex_jax.ledger.fleet import FleetRow

#: Cells that begin so are formulas to a spreadsheet; client ids and reasons come from others.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FLUSH = 1 << 15


def cell(value: object) -> str:
    """Text of a cell. What a spreadsheet might run as a formula is marked as text by an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def lines(rows: Iterable[FleetRow]) -> Iterator[bytes]:
    """UTF-8 CSV after RFC 4180, header first, in pieces of some ten kilobytes."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([part.name for part in fields(FleetRow)])
    for row in rows:
        writer.writerow([cell(value) for value in astuple(row)])
        if buffer.tell() >= _FLUSH:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode("utf-8")
