"""Jobs that end unjudged: a client's first enrolment, handed in by a key that was revoked before any worker was at it.

Nothing but the key says that it is the client's (`zkapex_jax.service.clients.revoking` has the reason, and why no other job is).
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from zkapex_jax.errors import RefusedError
from zkapex_jax.ledger.schema import EnrolmentRow
from zkapex_jax.service.keys import was_revoked
from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.tables import Job, moment


def is_void(session: Session, job: Job) -> bool:
    """Whether no worker may begin it. To be asked while the client is held."""
    if job.kind != "enrolment" or not was_revoked(session, job):
        return False
    admitted = select(EnrolmentRow.id).where(EnrolmentRow.client_id == job.client_id)
    return session.scalars(admitted.limit(1)).first() is None


def cancel(job: Job, status: str) -> None:
    """It ends with this status and an error that says why."""
    error = RefusedError(
        "not judged: the key that handed it in was revoked before", code="cancelled", hint="send it again, with the client's new key"
    )
    job.status, job.finished = status, moment()
    job.outcome = Outcome(accepted=False, error=error.to_dict()).model_dump_json(exclude_none=True)
