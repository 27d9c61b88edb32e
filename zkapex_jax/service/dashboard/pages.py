"""Pages made of the ledger's answers. Every string of them is escaped: ids, reasons and names come from others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from zkapex_jax.errors import shorten
from zkapex_jax.report.audit.numbers import UNIT
from zkapex_jax.report.words import duration, size
from zkapex_jax.service.dashboard import words
from zkapex_jax.service.dashboard.headers import headers

#: Columns that can be sorted by, in order.
COLUMNS = (("client_id", "Client"), ("status", "Status"), ("answered", "Last accepted"), ("last_seen", "Last seen"), ("position", "State"))
_LONGEST_REASON = 400


@dataclass(frozen=True)
class Rendered:
    """A page and the headers that go with it."""

    body: bytes
    headers: dict[str, str]


class Pages:
    """The templates, their style and their scripts, read once."""

    def __init__(self) -> None:
        loader = ChoiceLoader([PackageLoader("zkapex_jax.service.dashboard"), PackageLoader("zkapex_jax.report")])
        self._environment = Environment(
            loader=loader, autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        self._environment.globals |= {
            "TITLES": words.TITLES, "MEANINGS": words.MEANINGS, "ADVICE": words.ADVICE, "ORDER": words.ORDER,
            "COLUMNS": COLUMNS, "UNIT": UNIT,
        }  # fmt: skip
        self._environment.filters |= {
            "ago": lambda text: words.ago(text, datetime.now(UTC)), "on": words.on, "percent_of": words.percent, "in_words": in_words,
            "duration": duration, "size": size, "shorten": partial(shorten, limit=_LONGEST_REASON), "code": code,
        }  # fmt: skip
        self._style = self._source("style.css") + self._source("dashboard.css")
        self._scripts = {name: self._source(f"{name}.js.j2") for name in ("dashboard", "login")}

    def render(self, template: str, script: str = "", **context: Any) -> Rendered:
        """A page of one template, with the package's style and one of its scripts inline."""
        text = self._scripts[script] if script else ""
        body = self._environment.get_template(template).render(style=Markup(self._style), script=Markup(text), **context)
        return Rendered(body.encode("utf-8"), headers(self._style, text))

    def _source(self, name: str) -> str:
        return self._environment.get_template(name).render()


def in_words(row: Any) -> str:
    """The sentence beside a status: the ledger's, or when the answer was accepted."""
    if row.reason:
        return shorten(row.reason, _LONGEST_REASON)
    return f"proof accepted {words.on(row.answered)}" if row.answered else "nothing to answer"


def code(text: str) -> Markup:
    """Escaped, with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))


def bar(counts: dict[Any, int]) -> list[dict[str, Any]]:
    """Parts of the bar of statuses, of 1000 in all, in the order of the words; empty ones left out."""
    total, start, parts = sum(counts.values()), 0.0, []
    for status in words.ORDER:
        width = 1000 * counts[status] / total if total else 0.0
        if width:
            parts.append({"status": status, "start": round(start, 3), "width": round(width, 3)})
        start += width
    return parts


def late_before(now: datetime, late_after: timedelta) -> str:
    """The moment up to which a request that is unanswered now is late."""
    return words.text_of(now - late_after)
