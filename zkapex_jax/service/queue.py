"""Jobs in the database: made once an upload, leased to one worker at a time, never lost.

A worker that holds a job renews its lease while it works. One that is killed stops renewing, and the job goes to another.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from zkapex_jax.errors import InternalError
from zkapex_jax.service import settings
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Client, Job, Upload, moment
from zkapex_jax.service.words import not_found, over_limit

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


def submit(store: Store, client_id: str, kind: str, digest: str, uploads: tuple[str, str], limits: settings.Limits) -> Job:
    """Queue a job for uploads (the second may be empty). What is queued, running or judged already stays as it is;
    what ended without a verdict is queued again. Raises RefusedError where the client has too many jobs open.
    """
    try:
        with store.write() as session:
            known = find(session, uploads)
            if known is None:
                _check_room(session, client_id, limits)
                known = _new(client_id, kind, digest, uploads)
                session.add(known)
            elif is_undecided(known):
                _check_room(session, client_id, limits)
                known.status, known.attempts, known.due, known.finished, known.outcome = QUEUED, 0, moment(), None, None
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

    A job whose workers all fell silent is set aside: it may be what fells them.
    """
    if not _is_due(store):
        return None
    with store.write() as session:
        now = moment()
        free = or_((Job.status == QUEUED) & (Job.due <= now), (Job.status == RUNNING) & (Job.lease < now))
        query = select(Job).where(free).order_by(Job.made).limit(1).with_for_update(skip_locked=True)
        found = session.scalars(query).first()
        if found is None:
            return None
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
        return session.execute(update(Job).where(*_held(task, worker)).values(**values)).rowcount == 1


def counts(store: Store) -> dict[str, int]:
    """Jobs by status."""
    with store.read() as session:
        return {status: count for status, count in session.execute(select(Job.status, func.count()).group_by(Job.status))}


def _is_due(store: Store) -> bool:
    """A look without a lock: an idle worker costs the others nothing."""
    now = moment()
    with store.read() as session:
        queued = select(Job.id).where(Job.status == QUEUED, Job.due <= now).limit(1)
        silent = select(Job.id).where(Job.status == RUNNING, Job.lease < now).limit(1)
        return session.scalars(queued).first() is not None or session.scalars(silent).first() is not None


def _held(task: Task, worker: str) -> tuple[object, ...]:
    return Job.id == task.id, Job.worker == worker, Job.status == RUNNING, Job.attempts == task.attempt


def _new(client_id: str, kind: str, digest: str, uploads: tuple[str, str]) -> Job:
    now = moment()
    return Job(
        id=secrets.token_hex(16), client_id=client_id, kind=kind, digest=digest, upload=uploads[0], proof_upload=uploads[1],
        status=QUEUED, attempts=0, due=now, worker="", lease=0, made=now, finished=None, outcome=None,
    )  # fmt: skip


def is_undecided(known: Job) -> bool:
    """Set aside, or refused by a rule before any verdict: what a rule refuses now it may take later."""
    if known.status == FAILED:
        return True
    return known.status == DONE and known.outcome is not None and "error" in json.loads(known.outcome)


def _silenced() -> Outcome:
    error = InternalError("workers ended at this job again and again", code="worker_lost", hint="send it again, or tell the provider")
    return Outcome(accepted=False, error=error.to_dict())


def _check_room(session: Session, client_id: str, limits: settings.Limits) -> None:
    session.get(Client, client_id, with_for_update=True)  # one call of a client at a time counts
    waiting = select(func.count()).select_from(Job).where(Job.client_id == client_id, Job.status.in_((QUEUED, RUNNING)))
    if session.scalars(waiting).one() >= limits.open_jobs:
        raise over_limit("jobs of this client", "wait for those that are queued")


def spent_uploads(session: Session, task: Task) -> None:
    """Mark a judged job's files as no longer needed."""
    names = [name for name in (task.upload, task.proof_upload) if name]
    session.execute(update(Upload).where(Upload.id.in_(names)).values(spent=True))
