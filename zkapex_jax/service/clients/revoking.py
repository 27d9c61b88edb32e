"""The provider takes a client's key back.

What the service acknowledged before is judged all the same. A bundle, or the enrolment that renews one, is proven with the
openings of commitments that the ledger holds: who has the key alone cannot make one that is accepted, and an acknowledged answer
must not come to nothing by a word of the provider's. A client's *first* enrolment is tied to nothing but the key: it might be a
thief's, in the client's name for ever. Such a job, if no worker is at it, ends unjudged.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError
from zkapex_jax.service import queue, uploads
from zkapex_jax.service.clients.inviting import check_name, withdraw
from zkapex_jax.service.keys import REVOKED, hold_client, of_client, serving
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Client, Invitation, Job, Key, moment


@dataclass(frozen=True)
class Revoked:
    """What a revocation came to. `key`: the one that was revoked last, now or before; None of a client that never joined.

    `new`: it served until now. `cancelled`: first enrolments that ended unjudged; `judged_on`: jobs that workers are at or will
    take up; `dropped`: uploads; `withdrawn`: invitations that were good still.
    """

    client_id: str
    key: Key | None
    new: bool
    cancelled: tuple[str, ...]
    judged_on: tuple[str, ...]
    dropped: int
    withdrawn: int


def revoke(store: Store, settings: Settings, client_id: str, words: str) -> Revoked:
    """From here on no call that a key of this client signed is taken, and no invitation of it that was made before.

    Again, it changes nothing, but for invitations that were made since. Raises InputError for a client that was never invited.
    """
    with store.write() as session:
        withdrawn = withdraw(session, check_name(client_id))  # first: joining holds an invitation, then the client
        hold_client(session, client_id)
        _need_known(session, client_id)
        key, new = serving(session, client_id), False
        if key is not None:
            key.ended, key.why, key.words, new = moment(), REVOKED, words, True
            session.flush()
        cancelled = queue.cancel_void(session, client_id) if new else ()
        rows = uploads.drop_unused(session, client_id) if new else []
        last = [known for known in session.scalars(of_client(client_id)) if known.why == REVOKED][-1:]
        waiting = session.scalars(select(Job.id).where(Job.client_id == client_id, Job.status.in_((queue.QUEUED, queue.RUNNING))))
        found = Revoked(client_id, last[0] if last else None, new, cancelled, tuple(waiting), len(rows), withdrawn)
    uploads.discard(settings, *rows)
    return found


def _need_known(session: Session, client_id: str) -> None:
    joined = select(Client.client_id).where(Client.client_id == client_id).exists()
    invited = select(Invitation.client_id).where(Invitation.client_id == client_id).exists()
    if not session.scalar(select(or_(joined, invited))):
        raise InputError("was never invited", code="not_found", field="client", value=client_id, hint="`zkapex clients` lists them")
