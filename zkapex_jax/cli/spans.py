"""Spans of time and sizes as people write them: 90d, 12h, 500MiB."""

from __future__ import annotations

import re
from typing import Any

import typer

_SPAN, _SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(d|h|min|s)\Z"), re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(KiB|MiB|GiB|B)\Z")
_SECONDS = {"d": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0}
_BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def span(text: str | float) -> float:
    """Seconds of `30d`, `12h`, `5min` or `20s`."""
    if isinstance(text, float):
        return text
    if (found := _SPAN.match(text)) is None:
        raise typer.BadParameter(f"{text!r} is no span of time, such as 30d, 12h, 5min or 20s")
    return float(found[1]) * _SECONDS[found[2]]


def size(text: str | int) -> int:
    """Bytes of `1GiB`, `500MiB`, `20KiB` or `0B`."""
    if isinstance(text, int):
        return text
    if (found := _SIZE.match(text)) is None:
        raise typer.BadParameter(f"{text!r} is no size, such as 1GiB, 500MiB or 20KiB")
    return int(float(found[1]) * _BYTES[found[2]])


def span_option(name: str, words: str, panel: str | None = None) -> Any:
    """An option that takes a span."""
    return typer.Option(f"--{name}", metavar="SPAN", parser=span, help=words, show_default=False, rich_help_panel=panel)


def size_option(name: str, words: str, panel: str | None = None) -> Any:
    """An option that takes a size."""
    return typer.Option(f"--{name}", metavar="SIZE", parser=size, help=words, show_default=False, rich_help_panel=panel)
