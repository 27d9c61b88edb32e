"""The fleet, a page at a time: who complied, who is late, who was refused and why. Sorted, searched and counted by the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError
from zkapex_jax.ledger import fleet_sql
from zkapex_jax.ledger.ledger import Ledger
from zkapex_jax.ledger.schema import RequestRow

Status = Literal["complied", "late", "refused", "pending", "not_enrolled"]
Sort = Literal["client_id", "status", "position", "answered", "enrolled", "last_seen"]

STATUSES: tuple[Status, ...] = get_args(Status)
SORTS: tuple[Sort, ...] = get_args(Sort)
#: Rows that one page may hold, and rows of an export that are read at once.
MAX_LIMIT = 1000
_BATCH = 500


@dataclass(frozen=True)
class FleetQuery:
    """What to show. Without `request_id` a client is judged by all open requests: refused before late before pending.

    `late_before` is the moment (UTC, as the ledger writes it) up to which an unanswered request makes a client late; a
    closed request does in any case. `known` selects ids of clients that may have no enrolment (one text column).
    """

    request_id: str | None = None
    status: Status | None = None
    search: str = ""
    sort: Sort = "client_id"
    descending: bool = False
    offset: int = 0
    limit: int = 50
    late_before: str | None = None
    known: Select[Any] | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        _one_of("status", self.status, (None, *STATUSES))
        _one_of("sort", self.sort, SORTS)
        for name, high in (("offset", 1 << 40), ("limit", MAX_LIMIT)):
            value = getattr(self, name)
            if not 0 <= value <= high:
                raise InputError(f"must be between 0 and {high}", code="out_of_range", field=name, value=value)


@dataclass(frozen=True)
class FleetRow:
    """One client. Times are UTC text; `answered`: of the last accepted answer in question; `position`: of the current state.

    `reason`: a sentence for every status but `complied`; of a refusal, the verifier's.
    """

    client_id: str
    enrolled: str | None
    status: Status
    reason: str | None
    position: int | None
    answered: str | None
    last_seen: str | None


@dataclass(frozen=True)
class Page:
    """Rows asked for; `total` rows match in all. `counts`: clients that match the search, by status, whatever the filter."""

    rows: tuple[FleetRow, ...]
    total: int
    counts: dict[Status, int]


def fleet_page(ledger: Ledger, query: FleetQuery) -> Page:
    """One page of the fleet. Raises InputError if there is no request of that id."""
    with ledger.reading() as session:
        table = _table(session, query)
        statement = fleet_sql.page_and_counts(table, query.status, query.sort, query.descending, query.offset, query.limit)
        found = sorted(session.execute(statement), key=lambda row: row[0])
    counts = dict.fromkeys(STATUSES, 0) | {row[3]: row[5] for row in found if row[0] == 0}
    rows = tuple(FleetRow(*row[1:]) for row in found if row[0] > 0)
    return Page(rows, counts[query.status] if query.status else sum(counts.values()), counts)


def fleet_row(ledger: Ledger, query: FleetQuery, client_id: str) -> FleetRow | None:
    """One client as the query judges it, whatever it searches and shows; None if neither the ledger nor `known` has it."""
    with ledger.reading() as session:
        rows = _rows(session, select(_table(session, replace(query, search=""), client_id)))
    return rows[0] if rows else None


def export_rows(ledger: Ledger, query: FleetQuery) -> Iterator[FleetRow]:
    """Every client that the query asks for, by client id; its offset, limit and sort do not count.

    Read in batches, each a transaction of its own: a reader that is slow keeps nobody from writing.
    """
    after = ""
    while True:
        with ledger.reading() as session:
            window = fleet_sql.next_window(session, query.known, after, _BATCH)
            if window is None:
                return
            rows = _rows(session, fleet_sql.page(_table(session, query, window), query.status, "client_id", False, 0, _BATCH))
        yield from rows
        after = window[1]


def _table(session: Session, query: FleetQuery, window: fleet_sql.Window | None = None) -> Any:
    request = None
    if query.request_id is not None:
        request = session.scalars(select(RequestRow).where(RequestRow.request_id == query.request_id)).one_or_none()
        if request is None:
            raise InputError("no such request", code="unknown_request", field="request_id", value=query.request_id)
    return fleet_sql.fleet(request, query.late_before, query.search, query.known, window)


def _rows(session: Session, statement: Select[Any]) -> tuple[FleetRow, ...]:
    return tuple(FleetRow(*row) for row in session.execute(statement))


def _one_of(name: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        words = ", ".join(str(item) for item in known if item)
        raise InputError(f"must be one of {words}", code="bad_field", field=name, value=value)
