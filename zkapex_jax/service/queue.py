"""Jobs in the database: made once an upload, leased to one worker at a time, never lost.

A worker that holds a job renews its lease while it works. One that is killed stops renewing, and the job goes to another.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from zkapex_jax.errors import InternalError
from zkapex_jax.service import settings
from zkapex_jax.service.keys import Who, hold_client, need_serving
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Job, Upload, moment
from zkapex_jax.service.void import cancel, is_void
from zkapex_jax.service.watching import tallies
from zkapex_jax.service.words import not_found, over_limit

_DAY = 24 * 3600 * 1000
QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"


@dataclass(frozen=True)
class Task:
    """A job as a worker holds it. `proof_upload` is empty for a bundle; `attempt` counts from 1."""

    id: str
    client_id: str
    kind: str
    digest: str
    upload: str
    proof_upload: str
    attempt: int


def submit(store: Store, who: Who, kind: str, digest: str, uploads: tuple[str, str], limits: settings.Limits) -> Job:
    """Queue a job for uploads (the second may be empty). What is queued, running or judged already stays as it is;
    what ended without a verdict is queued again. Raises RefusedError where the client has too much in hand, or its key
    has ended since it called; InputError where an upload has expired a moment ago.
    """
    try:
        with store.write() as session:
            need_serving(session, who)
            known = find(session, uploads)
            if known is None:
                _check_room(session, who.client_id, uploads, limits)
                known = _new(who, kind, digest, uploads)
                session.add(known)
            elif is_undecided(known):
                _check_room(session, who.client_id, uploads, limits)
                known.status, known.attempts, known.due, known.finished, known.outcome = QUEUED, 0, moment(), None, None
                known.public = who.public
            return known
    except IntegrityError:  # the same call beside this one was faster
        with store.read() as session:
            known = find(session, uploads)
        if known is None:
            raise
        return known


def find(session: Session, uploads: tuple[str, str]) -> Job | None:
    """The job of these uploads."""
    return session.scalars(select(Job).where(Job.upload == uploads[0], Job.proof_upload == uploads[1])).one_or_none()


def job(store: Store, client_id: str, name: str) -> Job:
    """A job of this client. Raises InputError if there is none: another client's is not told from none."""
    with store.read() as session:
        found = session.get(Job, name)
    if found is None or found.client_id != client_id:
        raise not_found("job", name)
    return found


def take(store: Store, worker: str, queue: settings.Queue) -> Task | None:
    """Lease the job that has waited longest, or one whose worker has gone silent. None: nothing is due.

    One job of a client runs at a time, so that nobody keeps every worker busy. A job whose workers all fell silent is set
    aside: it may be what fells them.
    """
    if not _is_due(store, queue):
        return None
    with store.write() as session:
        now = moment()
        found = _longest_waiting(session, now, queue)
        if found is None:
            return None
        hold_client(session, found.client_id)  # another worker may just have taken another job of this client
        if session.scalars(_at_work(found.client_id, now, queue).where(Job.id != found.id).limit(1)).first() is not None:
            return None
        if is_void(session, found):
            cancel(found, FAILED)
            return None
        if found.status == RUNNING:
            tallies.fault(session, found.kind, tallies.LOST)
        if found.attempts >= queue.attempts:
            found.status, found.finished, found.outcome = FAILED, now, _silenced().model_dump_json(exclude_none=True)
            return None
        found.status, found.worker, found.lease, found.attempts = RUNNING, worker, now + int(1000 * queue.lease), found.attempts + 1
        return Task(found.id, found.client_id, found.kind, found.digest, found.upload, found.proof_upload, found.attempts)


def renew(store: Store, task: Task, worker: str, lease: float) -> bool:
    """Keep a job; False if it has gone to another worker meanwhile."""
    with store.write() as session:
        held = update(Job).where(*_held(task, worker)).values(lease=moment() + int(1000 * lease))
        return session.execute(held).rowcount == 1


def finish(session: Session, task: Task, worker: str, outcome: Outcome) -> bool:
    """Record what came of it, within the caller's transaction; False if the job has gone to another worker."""
    values = {"status": DONE, "finished": moment(), "outcome": outcome.model_dump_json(exclude_none=True)}
    return session.execute(update(Job).where(*_held(task, worker)).values(**values)).rowcount == 1


def put_back(store: Store, task: Task, worker: str, outcome: Outcome, queue: settings.Queue) -> bool:
    """After a failure of ours: try again later, or set the job aside. False if the job has gone to another worker."""
    gives_up, now = task.attempt >= queue.attempts, moment()
    wait = int(1000 * queue.backoff * 2 ** (task.attempt - 1))
    values = {
        "status": FAILED if gives_up else QUEUED, "due": now + wait, "finished": now if gives_up else None,
        "outcome": outcome.model_dump_json(exclude_none=True),
    }  # fmt: skip
    with store.write() as session:
        mine = session.execute(update(Job).where(*_held(task, worker)).values(**values)).rowcount == 1
        if mine:
            tallies.fault(session, task.kind, tallies.FAILED)
        return mine


def cancel_void(session: Session, client_id: str) -> tuple[str, ...]:
    """End the waiting jobs of a client, which is held, that no worker may begin any more; returns their names.

    One that a worker is taking at this moment is passed over: it sees for itself.
    """
    waiting = select(Job).where(Job.client_id == client_id, Job.status == QUEUED).order_by(Job.made).with_for_update(skip_locked=True)
    void = [known for known in session.scalars(waiting) if is_void(session, known)]
    for known in void:
        cancel(known, FAILED)
    return tuple(known.id for known in void)


def _is_due(store: Store, queue: settings.Queue) -> bool:
    """A look without a lock: an idle worker costs the others nothing."""
    with store.read() as session:
        return any(session.scalars(select(Job.id).where(free).limit(1)).first() is not None for free in _free(moment(), queue))


def _longest_waiting(session: Session, now: int, queue: settings.Queue) -> Job | None:
    """The first of those that may be taken, which nobody else is taking; it is locked."""
    queries = (select(Job).where(free).order_by(Job.made).limit(1).with_for_update(of=Job, skip_locked=True) for free in _free(now, queue))
    found = [job for query in queries if (job := session.scalars(query).first()) is not None]
    return min(found, key=lambda job: job.made, default=None)


def _free(now: int, queue: settings.Queue) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Due, of a client that no worker is at work for; or held by a worker that went silent. Two questions, each asked in the order of
    an index, so that a long queue costs no more than a short one.

    Moments that no clock of ours could have set yet were set before the clock was put back: nothing waits for them.
    """
    waits = int(1000 * queue.backoff * 2**queue.attempts)
    due = (Job.status == QUEUED) & ((Job.due <= now) | (Job.due > now + waits))
    silent = (Job.status == RUNNING) & ~_is_held(Job, now, queue)
    other = aliased(Job)
    busy = select(other.id).where(other.client_id == Job.client_id, other.id != Job.id, other.status == RUNNING, _is_held(other, now, queue))
    return due & ~busy.exists(), silent & ~busy.exists()


def _is_held(row: type[Job], now: int, queue: settings.Queue) -> ColumnElement[bool]:
    return (row.lease >= now) & (row.lease <= now + int(2000 * queue.lease))


def _at_work(client_id: str, now: int, queue: settings.Queue) -> Select[Any]:
    return select(Job.id).where(Job.client_id == client_id, Job.status == RUNNING, _is_held(Job, now, queue))


def _held(task: Task, worker: str) -> tuple[object, ...]:
    return Job.id == task.id, Job.worker == worker, Job.status == RUNNING, Job.attempts == task.attempt


def _new(who: Who, kind: str, digest: str, uploads: tuple[str, str]) -> Job:
    now = moment()
    return Job(
        id=secrets.token_hex(16), client_id=who.client_id, public=who.public, kind=kind, digest=digest, upload=uploads[0],
        proof_upload=uploads[1], status=QUEUED, attempts=0, due=now, worker="", lease=0, made=now, finished=None, outcome=None,
    )  # fmt: skip


def is_undecided(known: Job) -> bool:
    """Set aside, or refused by a rule before any verdict: what a rule refuses now it may take later."""
    if known.status == FAILED:
        return True
    return known.status == DONE and known.outcome is not None and "error" in json.loads(known.outcome)


def _silenced() -> Outcome:
    error = InternalError("workers ended at this job again and again", code="worker_lost", hint="send it again, or tell the provider")
    return Outcome(accepted=False, error=error.to_dict())


def _check_room(session: Session, client_id: str, uploads: tuple[str, str], limits: settings.Limits) -> None:
    """What a client, which is held, may have in hand; and its uploads are held, so that none expires between our answer and the worker."""
    waiting = select(func.count()).select_from(Job).where(Job.client_id == client_id, Job.status.in_((QUEUED, RUNNING)))
    if session.scalars(waiting).one() >= limits.open_jobs:
        raise over_limit("jobs of this client", "wait for those that are queued")
    names, expires = [name for name in uploads if name], moment() + int(1000 * limits.upload_lifetime)
    for name in sorted(names):
        if session.execute(update(Upload).where(Upload.id == name, Upload.client_id == client_id).values(expires=expires)).rowcount != 1:
            raise not_found("upload", name)
    if session.scalars(_bytes_of_a_day(client_id, names)).one() > limits.day_bytes:
        raise over_limit("bytes of this client in a day", "wait until tomorrow, or ask the provider")


def _bytes_of_a_day(client_id: str, names: list[str]) -> Select[Any]:
    """Sizes of these uploads, and of those that were handed in within a day."""
    recent = (Job.client_id == client_id) & (Job.made > moment() - _DAY)
    known = union(select(Job.upload).where(recent), select(Job.proof_upload).where(recent))
    sizes = select(func.coalesce(func.sum(Upload.size), 0))
    return sizes.where(Upload.client_id == client_id, Upload.id.in_(names) | Upload.id.in_(known))


def spent_uploads(session: Session, task: Task) -> None:
    """Mark a judged job's files as no longer needed."""
    names = [name for name in (task.upload, task.proof_upload) if name]
    session.execute(update(Upload).where(Upload.id.in_(names)).values(spent=True))
