"""What the pages show, asked of the ledger: the fleet, one client, what is sealed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import select

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.detail import client_detail
from zkapex_jax.ledger.fleet import FleetQuery, FleetRow, fleet_page, fleet_row
from zkapex_jax.ledger.schema import ChainEntry
from zkapex_jax.service.dashboard import pages, words
from zkapex_jax.service.dashboard.keys import KeyLine, keys_of
from zkapex_jax.service.dashboard.shelf import Facts, Shelf
from zkapex_jax.service.dashboard.steps import History, Step
from zkapex_jax.service.dashboard.view import ROWS, View
from zkapex_jax.service.tables import Client, Receipt


@dataclass(frozen=True)
class ReceiptFile:
    """A signed receipt that can be downloaded."""

    digest: str
    size: int


@dataclass(frozen=True)
class ClientPart:
    """One client beside the list. Without an enrolment there is no history, and `error` says so."""

    client_id: str
    row: FleetRow | None
    history: History | None = None
    step: Step | None = None
    facts: Facts | None = None
    receipts: tuple[ReceiptFile, ...] = ()
    keys: tuple[KeyLine, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Looking:
    """Questions of the dashboard to one ledger. `late_after`: how long a request may stay unanswered."""

    ledger: Ledger
    shelf: Shelf
    late_after: timedelta

    def query(self, view: View) -> FleetQuery:
        """The ledger's question for this view, those who only joined included."""
        return view.query(late_before=pages.late_before(datetime.now(UTC), self.late_after), known=select(Client.client_id))

    def context(self, view: View) -> dict[str, Any]:
        """Everything that the page's template names. Raises InputError for a request that the ledger does not know."""
        found = fleet_page(self.ledger, self.query(view))
        last_page = max(1, ceil(found.total / ROWS))
        if view.page > last_page:  # the fleet shrank under a filter: the last page there is
            view = replace(view, page=last_page)
            found = fleet_page(self.ledger, self.query(view))
        requests = self.ledger.requests()
        first = (view.page - 1) * ROWS + 1
        return {
            "title": f"{view.client or view.request or 'All open requests'}: zkapex fleet", "view": view, "rows": found.rows,
            "counts": found.counts, "total": found.total, "total_clients": sum(found.counts.values()), "bar": pages.bar(found.counts),
            "asked": sum(count for status, count in found.counts.items() if status != "not_enrolled"),
            "first": first, "last": first + len(found.rows) - 1, "pages": last_page, "requests": requests[::-1],
            "chosen": next((request for request in requests if request.request_id == view.request), None),
            "late_after": words.span(self.late_after), "head": self.head(),
            "nothing_open": view.request is None and all(request.closed for request in requests),
            "client": self.client(view) if view.client else None,
        }  # fmt: skip

    def head(self) -> dict[str, Any]:
        """The last event of the ledger's chain."""
        with self.ledger.reading() as session:
            last = session.execute(select(ChainEntry.sequence, ChainEntry.head).order_by(ChainEntry.sequence.desc()).limit(1)).first()
        return {"sequence": last.sequence if last else 0, "head": last.head if last else ""}

    def client(self, view: View) -> ClientPart:
        """One client: where it stands in this view, its chain, and what the chosen step left behind."""
        name = view.client or ""
        row = fleet_row(self.ledger, self.query(view), name)
        try:
            history = History.of(client_detail(self.ledger, name))
        except RefusedError:
            error = "It has joined, but never enrolled: it is bound by no request." if row else "Your ledger knows no such client."
            return ClientPart(name, row, keys=keys_of(self.ledger, name), error=error)
        step = history.shown(view.event)
        return ClientPart(name, row, history, step, self.shelf.facts(step), self._receipts(step), keys_of(self.ledger, name))

    def _receipts(self, step: Step) -> tuple[ReceiptFile, ...]:
        if step.verdict is None:
            return ()
        wanted = select(Receipt.digest, Receipt.document).where(Receipt.subject == step.verdict.bundle_digest, Receipt.kind == "receipt")
        with self.ledger.reading() as session:
            return tuple(ReceiptFile(digest, len(document.encode())) for digest, document in session.execute(wanted))

    def receipt(self, digest: str) -> bytes | None:
        """A receipt as it was sent, or None."""
        with self.ledger.reading() as session:
            document = session.scalars(select(Receipt.document).where(Receipt.digest == digest)).one_or_none()
        return None if document is None else document.encode()
