"""Copies that were kept to be judged, by workers that were killed at it until the job was set aside: nobody else removes them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError
from zkapex_jax.protocol import Bundle, Enrolment, EnrolmentProof
from zkapex_jax.service import uploads
from zkapex_jax.service.keys import hold_client
from zkapex_jax.service.queue import FAILED, RUNNING
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Job, moment
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.keeping.removing import remove_unnamed

_BATCH = 100
Place = tuple[int, str]


def remove_orphans(store: Store, settings: Settings, provider: Provider, after: Place = (-1, "")) -> tuple[list[str], Place]:
    """Of jobs that were set aside after the one at `after` (when it ended, its name): digests of what was removed, and the last job's place.

    A worker that lost a job may be at it still, but for no longer than a job may take.
    """
    query = (
        select(Job.id, Job.finished).where(Job.finished >= after[0], Job.finished < moment() - int(1000 * settings.queue.longest), Job.status == FAILED)
        .order_by(Job.finished, Job.id).limit(_BATCH)
    )  # fmt: skip
    with store.read() as session:
        found = [(name, finished) for name, finished in session.execute(query) if (finished, name) > after]
    gone: list[str] = []
    for name, finished in found:
        with store.write() as session:
            gone += _remove(session, settings, provider, name)
        after = (finished, name)
    return gone, after


def _remove(session: Session, settings: Settings, provider: Provider, name: str) -> list[str]:
    """While its client is held, so that no worker takes a job of it; one that is at work may need the same enrolment."""
    job = session.get(Job, name)
    if job is None:
        return []
    hold_client(session, job.client_id)
    session.refresh(job)
    at_work = select(Job.id).where(Job.client_id == job.client_id, Job.status == RUNNING).limit(1)
    if job.status != FAILED or session.scalars(at_work).first() is not None:
        return []
    ended = (job.finished or 0) / 1000 + settings.queue.longest
    return remove_unnamed(provider, (digest for digest in (job.digest, *_digests(settings, job)) if _asked_before(provider, digest, ended)))


def _asked_before(provider: Provider, digest: str, moment: float) -> bool:
    """Whether nobody has kept the file since: it may have been judged after all, by a ledger that was then restored from a backup."""
    try:
        return provider.artefact(digest).stat().st_mtime < moment
    except FileNotFoundError:
        return False


def _digests(settings: Settings, job: Job) -> list[str]:
    """Names of the copies that the job's uploads led to, as far as they can be read still."""
    kinds = ((Enrolment, job.upload), (EnrolmentProof, job.proof_upload)) if job.kind == "enrolment" else ((Bundle, job.upload),)
    found = []
    for kind, upload in kinds:
        try:
            found.append(kind.from_file(uploads.file_of(settings, upload), verify=False).digest)
        except InputError:  # it expired, or is no such file
            continue
    return found
