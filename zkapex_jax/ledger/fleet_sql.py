"""The queries behind a page of the fleet: one row a client, its status worked out by the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, func, literal, null, or_, select, true, union, union_all
from sqlalchemy.orm import Session

from zkapex_jax.ledger.schema import EnrolmentRow, RequestRow, StateRow, VerdictRow

#: Client ids above the first and up to the second; or one alone.
Window = tuple[str, str] | str


def fleet(
    request: RequestRow | None, late_before: str | None, search: str, known: Select[Any] | None, window: Window | None = None
) -> CTE:
    """One row a client: client_id, enrolled, status, reason, position, answered, last_seen.

    In question are the given request, or all open ones. A client is asked by those that are younger than its first
    enrolment: it may enrol anew only when none waits. `last_seen` is of anything that it sent, in question or not.
    """
    scope = RequestRow.closed.is_(None) if request is None else RequestRow.id == request.id
    late = or_(RequestRow.closed.is_not(None), RequestRow.received <= late_before if late_before else False)
    clients, enrolled, states = _clients(known, window), _enrolled(window), _states(window)
    answers, heard = _answers(scope, late, window), _heard(window)
    judged = (
        select(clients.c.client_id, enrolled.c.enrolled, enrolled.c.seen, states.c.position, answers.c.answered, answers.c.refusal,
               heard.c.heard, func.coalesce(answers.c.refused, 0).label("refused"), _asked(enrolled, scope).label("asked"),
               (_asked(enrolled, scope) - func.coalesce(answers.c.accepted, 0)).label("waiting"),
               (_asked(enrolled, and_(scope, late)) - func.coalesce(answers.c.accepted_late, 0)).label("overdue"))
        .select_from(clients)
        .outerjoin(enrolled, enrolled.c.client_id == clients.c.client_id)
        .outerjoin(answers, answers.c.client_id == clients.c.client_id)
        .outerjoin(states, states.c.client_id == clients.c.client_id)
        .outerjoin(heard, heard.c.client_id == clients.c.client_id)
    )  # fmt: skip
    if search:
        judged = judged.where(clients.c.client_id.icontains(search, autoescape=True))
    return _worded(judged.cte("judged"), request)


def page(table: CTE, status: str | None, sort: str, descending: bool, offset: int, limit: int) -> Select[Any]:
    """Rows of the table in order: absent values last; where equal, by client id."""
    rows = select(table) if status is None else select(table).where(table.c.status == status)
    return rows.order_by(*_order(table, sort, descending)).offset(offset).limit(limit)


def page_and_counts(table: CTE, status: str | None, sort: str, descending: bool, offset: int, limit: int) -> Select[Any]:
    """One statement, so that the table is worked out once: rows of the page with their place before them, from 1; and at
    place 0 each status that occurs, with the number of its clients where a row has its position.
    """
    rows = page(table, status, sort, descending, offset, limit).subquery("page")
    place = func.row_number().over(order_by=_order(rows, sort, descending)).label("place")
    counts = select(
        literal(0), null(), null(), table.c.status, null(), func.count(), null(), null()
    ).group_by(table.c.status)  # fmt: skip
    return union_all(select(place, rows), counts)


def _order(table: Any, sort: str, descending: bool) -> list[Any]:
    column = table.c[sort]
    order = [column.desc() if descending else column.asc()]
    return order if sort == "client_id" else [case((column.is_(None), 1), else_=0), *order, table.c.client_id.asc()]


def next_window(session: Session, known: Select[Any] | None, after: str, size: int) -> Window | None:
    """The next `size` client ids above `after`, as a window; None at the end."""
    ids = _clients(known, None).c.client_id
    found = session.scalars(select(ids).where(ids > after).order_by(ids).limit(size)).all()
    return (after, found[-1]) if found else None


def _worded(judged: CTE, request: RequestRow | None) -> CTE:
    """Status, worst first, and a sentence for it."""
    nothing = "complied" if request is None else "not_enrolled"
    closed = request is not None and request.closed is not None
    words: list[tuple[Any, str, Any]] = [
        (judged.c.enrolled.is_(None), "not_enrolled", literal("has not enrolled")),
        (judged.c.asked == 0, nothing, literal("no request waits for it" if request is None else "enrolled after the request")),
        (judged.c.refused > 0, "refused", VerdictRow.reason),
        (judged.c.overdue > 0, "late", literal("did not answer before the request was closed" if closed else "has not answered in time")),
        (judged.c.waiting > 0, "pending", literal("has not answered yet")),
    ]
    status = case(*((found, literal(name)) for found, name, _ in words), else_=literal("complied"))
    reason = case(*((found, sentence) for found, _, sentence in words), else_=null())
    seen = case((judged.c.heard > judged.c.seen, judged.c.heard), else_=judged.c.seen)
    return (
        select(judged.c.client_id, judged.c.enrolled, status.label("status"), reason.label("reason"),
               judged.c.position, judged.c.answered, seen.label("last_seen"))
        .select_from(judged).outerjoin(VerdictRow, VerdictRow.sequence == judged.c.refusal).cte("fleet")
    )  # fmt: skip


def _within(column: Any, window: Window | None) -> Any:
    if window is None:
        return true()
    return column == window if isinstance(window, str) else and_(column > window[0], column <= window[1])


def _clients(known: Select[Any] | None, window: Window | None) -> CTE:
    """Every client id, once."""
    enrolled = select(EnrolmentRow.client_id.label("client_id")).where(_within(EnrolmentRow.client_id, window))
    if known is None:
        return enrolled.distinct().cte("clients")
    column = known.subquery("known").c[0]
    return union(enrolled, select(column.label("client_id")).where(_within(column, window))).cte("clients")


def _enrolled(window: Window | None) -> CTE:
    """Of each client: place of its first enrolment in the chain, times of its first and its last."""
    return (
        select(EnrolmentRow.client_id, func.min(EnrolmentRow.sequence).label("first"),
               func.min(EnrolmentRow.received).label("enrolled"), func.max(EnrolmentRow.received).label("seen"))
        .where(_within(EnrolmentRow.client_id, window)).group_by(EnrolmentRow.client_id).cte("enrolled")
    )  # fmt: skip


def _states(window: Window | None) -> CTE:
    """Position of each client's current state."""
    return (
        select(EnrolmentRow.client_id, func.max(StateRow.position).label("position"))
        .join(StateRow, StateRow.enrolment_id == EnrolmentRow.id)
        .where(_within(EnrolmentRow.client_id, window)).group_by(EnrolmentRow.client_id).cte("positions")
    )  # fmt: skip


def _heard(window: Window | None) -> CTE:
    """When each client's last bundle was judged, whatever it answered."""
    return (
        select(EnrolmentRow.client_id, func.max(VerdictRow.received).label("heard"))
        .join(VerdictRow, VerdictRow.enrolment_id == EnrolmentRow.id)
        .where(_within(EnrolmentRow.client_id, window)).group_by(EnrolmentRow.client_id).cte("heard")
    )  # fmt: skip


def _asked(enrolled: CTE, which: ColumnElement[bool]) -> ColumnElement[int]:
    """How many of the requests `which` are younger than the client's first enrolment."""
    count = select(func.count()).select_from(RequestRow).where(which, RequestRow.sequence > enrolled.c.first)
    return count.correlate(enrolled).scalar_subquery()


def _answers(scope: ColumnElement[bool], late: ColumnElement[bool], window: Window | None) -> CTE:
    """Of each client: how many requests it has an accepted answer to, how many refused ones alone; its last refusal."""
    accepted = func.max(case((VerdictRow.accepted, 1), else_=0))
    answer = (
        select(EnrolmentRow.client_id, VerdictRow.request_id, accepted.label("accepted"), func.max(case((late, 1), else_=0)).label("late"),
               func.max(VerdictRow.sequence).label("last"), func.max(case((VerdictRow.accepted, VerdictRow.received))).label("answered"))
        .select_from(VerdictRow)
        .join(EnrolmentRow, EnrolmentRow.id == VerdictRow.enrolment_id)
        .join(RequestRow, RequestRow.id == VerdictRow.request_id)
        .where(scope, _within(EnrolmentRow.client_id, window))
        .group_by(EnrolmentRow.client_id, VerdictRow.request_id).cte("answer")
    )  # fmt: skip
    return (
        select(answer.c.client_id, func.sum(answer.c.accepted).label("accepted"), func.sum(1 - answer.c.accepted).label("refused"),
               func.sum(answer.c.accepted * answer.c.late).label("accepted_late"),
               func.max(case((answer.c.accepted == 0, answer.c.last))).label("refusal"),
               func.max(answer.c.answered).label("answered"))
        .group_by(answer.c.client_id).cte("answers")
    )  # fmt: skip
