"""Joining: a client becomes known by a key of its own, with an invitation."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol.http_signing import Caller
from zkapex_jax.protocol.signing import check_public
from zkapex_jax.service.clients.calls import spend_nonce
from zkapex_jax.service.clients.inviting import check_unused, need_invitation, token_digest
from zkapex_jax.service.keys import Who, ended, hold_client, serving
from zkapex_jax.service.messages import Join
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Client, Key, moment


def join(store: Store, wanted: Join, caller: Caller) -> tuple[Who, bool]:
    """The client, and whether its key is new: the same call made again by the same key finds what it made.

    Raises RefusedError for an invitation that is unknown, spent, expired or another client's, for a name or key that is
    taken, for a key that ended, under whatever name, and where the call was signed by another key than it names.
    """
    check_public(wanted.public)
    if caller.public != wanted.public:
        raise RefusedError("the call must be signed by the key that joins", code="other_key", field="public", value=wanted.public)
    digest = token_digest(wanted.invitation)
    with store.read() as session:  # a stranger holds up nobody who writes
        _check_never_ended(session, wanted.public)
        need_invitation(session, digest, wanted.client_id)
    try:
        return _join(store, wanted, caller, digest)
    except IntegrityError:  # another call beside this one was faster: what it did is seen now
        return _join(store, wanted, caller, digest)


def _join(store: Store, wanted: Join, caller: Caller, digest: str) -> tuple[Who, bool]:
    who = Who(wanted.client_id, wanted.public)
    with store.write() as session:
        invitation = need_invitation(session, digest, who.client_id, lock=True)
        hold_client(session, who.client_id)
        spend_nonce(session, caller)
        _check_never_ended(session, who.public)
        present = serving(session, who.client_id)
        if present is not None and (present.public, present.invitation) == (who.public, digest):
            return who, False
        _check_free(session, who, present)
        check_unused(invitation)
        invitation.used = moment()
        if session.get(Client, who.client_id) is None:
            session.add(Client(client_id=who.client_id, joined=invitation.used))
        session.add(Key(public=who.public, client_id=who.client_id, invitation=digest, since=invitation.used, ended=None, why="", words=""))
    return who, True


def _check_never_ended(session: Session, public: str) -> None:
    known = session.get(Key, public)
    if known is not None and known.ended is not None:
        raise ended(known)


def _check_free(session: Session, who: Who, present: Key | None) -> None:
    if present is not None:
        raise RefusedError("this client has joined already, with another key or invitation", code="already_joined", field="client_id")
    if session.get(Key, who.public) is not None:
        raise RefusedError("this key has joined already, as another client", code="key_taken", field="public")
