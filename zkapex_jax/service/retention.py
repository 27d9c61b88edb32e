"""Jobs that ended long ago go, with the rows of their uploads. What was decided stands in the ledger, what was signed stays: a client
that sends the same file again finds that verdict and that receipt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from zkapex_jax.service.keys import hold_client
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Job, Upload, moment

#: Jobs of one transaction, and transactions of one run: what is left waits for the next.
BATCH, BATCHES = 100, 50


@dataclass(frozen=True)
class _Old:
    """A job that may go, as it was seen without a lock."""

    id: str
    client_id: str
    finished: int


def remove_finished(store: Store, keep: float, *, batch: int = BATCH, batches: int = BATCHES) -> int:
    """Remove jobs that ended more than `keep` seconds ago, oldest first; returns how many. Each batch is one short transaction."""
    gone = 0
    for old in _batches(store, moment() - int(1000 * keep), batch, batches):
        with store.write() as session:
            gone += _remove(session, old, moment() - int(1000 * keep))
    return gone


def _batches(store: Store, cutoff: int, batch: int, batches: int) -> Iterator[list[_Old]]:
    """Each goes on behind the last job of the one before: what stays for now is passed over."""
    finished, name = -1, ""
    for _ in range(batches):
        later = or_(Job.finished > finished, (Job.finished == finished) & (Job.id > name))
        query = select(Job.id, Job.client_id, Job.finished).where(Job.finished >= finished, Job.finished < cutoff, later)
        with store.read() as session:
            found = [_Old(*row) for row in session.execute(query.order_by(Job.finished, Job.id).limit(batch))]
        if not found:
            return
        yield found
        finished, name = found[-1].finished, found[-1].id


def _remove(session: Session, old: list[_Old], cutoff: int) -> int:
    """Of those that are still as old: a client may have sent one again, or have declared its file again, which keeps both for a day.

    Whoever writes for a client holds it, as we do here.
    """
    for client_id in sorted({one.client_id for one in old}):
        hold_client(session, client_id)
    jobs = list(session.scalars(select(Job).where(Job.id.in_([one.id for one in old]), Job.finished < cutoff)))
    rows = {row.id: row for row in session.scalars(select(Upload).where(Upload.id.in_([name for job in jobs for name in _uploads(job)])))}
    now = moment()
    going = [job for job in jobs if all(rows[name].expires < now for name in _uploads(job) if name in rows)]
    names = {name for job in going for name in _uploads(job)}
    session.execute(delete(Job).where(Job.id.in_([job.id for job in going])))
    needed = _needed(session, names)
    spent = [name for name, row in rows.items() if name in names - needed and row.spent]
    session.execute(delete(Upload).where(Upload.id.in_(spent)))
    return len(going)


def _needed(session: Session, names: set[str]) -> set[str]:
    """Uploads of these that another job has: an enrolment may have come with two proofs."""
    first = select(Job.upload).where(Job.upload.in_(names))
    second = select(Job.proof_upload).where(Job.proof_upload.in_(names))
    return {*session.scalars(first), *session.scalars(second)}


def _uploads(job: Job) -> list[str]:
    return [name for name in (job.upload, job.proof_upload) if name]
