"""What is there now, asked of the database: every question goes along an index, and costs what is open, not what ever was."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from zkapex_jax.ledger import Ledger
from zkapex_jax.ledger.schema import ChainEntry, EnrolmentRow, RequestRow, VerdictRow
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Job, Upload, moment

_OPEN = ("queued", "running")
#: Jobs set aside are counted up to here.
MOST = 10_000


@dataclass(frozen=True)
class Jobs:
    """`counts`: open jobs by status and kind. `waiting`: seconds that a job could have been taken for and was not, of the one
    that waits longest, 0 without any. `quiet`: seconds since a job ended, None where none did.
    """

    counts: dict[tuple[str, str], int]
    waiting: float
    quiet: float | None

    def of(self, status: str) -> int:
        return sum(count for (known, _), count in self.counts.items() if known == status)


@dataclass(frozen=True)
class Uploading:
    """Uploads of one kind that no job has taken up and ended: bytes received, and declared."""

    kind: str
    count: int
    received: int
    declared: int


@dataclass(frozen=True)
class Sealed:
    """The ledger: number of its newest event, when it was recorded (Unix seconds, None without any), requests that are open."""

    events: int
    newest: float | None
    requests_open: int


def jobs(store: Store) -> Jobs:
    """Anybody may ask for health: those that ended are not counted, for there may be many."""
    open_jobs = select(Job.status, Job.kind, func.count(), func.min(Job.due)).where(Job.status.in_(_OPEN)).group_by(Job.status, Job.kind)
    with store.read() as session:
        rows = session.execute(open_jobs).all()
        ended = session.scalars(select(func.max(Job.finished))).one()
    now, due = moment(), [due for status, _, _, due in rows if status == "queued"]
    return Jobs(
        {(status, kind): count for status, kind, count, _ in rows},
        max(0.0, (now - min(due, default=now)) / 1000), None if ended is None else max(0.0, (now - ended) / 1000),
    )  # fmt: skip


def set_aside(store: Store) -> dict[str, int]:
    """Jobs that ended without being judged, by kind, as long as they are remembered (`Keep.finished`); `MOST` at most."""
    with store.read() as session:
        return Counter(session.scalars(select(Job.kind).where(Job.status == "failed").limit(MOST)))


def uploads(store: Store) -> list[Uploading]:
    """By kind."""
    query = select(Upload.kind, func.count(), func.sum(Upload.offset), func.sum(Upload.size)).where(Upload.spent.is_(False))
    with store.read() as session:
        return [Uploading(kind, count, int(received), int(size)) for kind, count, received, size in session.execute(query.group_by(Upload.kind))]


def sealed(ledger: Ledger) -> Sealed:
    """The newest of what has a time: verdicts and enrolments by their last rows; bases and requests are few."""
    last = select(VerdictRow.received).where(VerdictRow.sequence == select(func.max(VerdictRow.sequence)).scalar_subquery())
    joined = select(EnrolmentRow.received).where(EnrolmentRow.id == select(func.max(EnrolmentRow.id)).scalar_subquery())
    asked = select(RequestRow.received, RequestRow.closed)
    with ledger.reading() as session:
        events = session.scalars(select(func.max(ChainEntry.sequence))).one() or 0
        requests = session.execute(asked).all()
        moments = [*session.scalars(last), *session.scalars(joined), *(said for row in requests for said in row if said)]
    newest = max((found for said in moments if (found := _seconds(said)) is not None), default=None)
    return Sealed(events, newest, sum(row.closed is None for row in requests))


def _seconds(received: str) -> float | None:
    """A row's time is sealed by nothing: one that is none counts for none."""
    try:
        return datetime.fromisoformat(received).timestamp()
    except ValueError:
        return None
