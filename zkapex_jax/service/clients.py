"""Who may call: invitations, joining once, the key of a caller, nonces that serve once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol.artefact import Header
from zkapex_jax.protocol.fields import ClientId
from zkapex_jax.protocol.http_signing import Caller
from zkapex_jax.protocol.signing import check_public
from zkapex_jax.service.messages import Join
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Client, Invitation, Nonce, moment
from zkapex_jax.service.words import unknown_key

#: Seconds. A clock that was set back would make old calls good again; their nonces are still known then.
_CLOCK_MAY_GO_BACK = 3600


class _Named(Header):
    client_id: ClientId


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def invite(store: Store, client_ids: Sequence[str], *, lifetime: float) -> list[str]:
    """A fresh token a client, good for `lifetime` seconds, all recorded or none.

    Raises InputError for a name that no client can have, RefusedError if one has joined already.
    """
    names = [_Named.parse({"client_id": name}).client_id for name in client_ids]
    tokens, made = [secrets.token_urlsafe(32) for _ in names], moment()
    with store.write() as session:
        for start in range(0, len(names), 500):
            known = session.scalars(select(Client.client_id).where(Client.client_id.in_(names[start : start + 500]))).first()
            if known is not None:
                raise RefusedError("has joined already", code="already_joined", field="client", value=known)
        expires = made + int(1000 * lifetime)
        session.add_all(
            Invitation(token_digest=token_digest(token), client_id=name, made=made, expires=expires, used=None)
            for name, token in zip(names, tokens, strict=True)
        )
    return tokens


def join(store: Store, wanted: Join, caller: Caller) -> tuple[Client, bool]:
    """The client, and whether it is new: the same call made again by the same key finds what it made.

    Raises RefusedError for an invitation that is unknown, spent, expired or another client's, for a name or key that is
    taken, and where the call was signed by another key than it names.
    """
    check_public(wanted.public)
    if caller.public != wanted.public:
        raise RefusedError("the call must be signed by the key that joins", code="other_key", field="public", value=wanted.public)
    digest = token_digest(wanted.invitation)
    with store.read() as session:  # a stranger holds up nobody who writes
        _need_invitation(session, digest, wanted.client_id)
    try:
        with store.write() as session:
            invitation = _need_invitation(session, digest, wanted.client_id, lock=True)
            _spend_nonce(session, caller)
            known = session.get(Client, wanted.client_id)
            if known is not None and (known.public, known.invitation) == (wanted.public, digest):
                return known, False
            _check_fresh(invitation, known)
            invitation.used = moment()
            client = Client(client_id=wanted.client_id, public=wanted.public, joined=invitation.used, invitation=digest)
            session.add(client)
        return client, True
    except IntegrityError as error:
        raise RefusedError("this key has joined already, as another client", code="key_taken", field="public") from error


def _need_invitation(session: Session, digest: str, client_id: str, *, lock: bool = False) -> Invitation:
    found = session.get(Invitation, digest, with_for_update=lock)
    if found is None or found.client_id != client_id:
        raise RefusedError("invitation is not for this client, or there is none", code="bad_invitation", field="invitation")
    return found


def _check_fresh(invitation: Invitation, known: Client | None) -> None:
    if known is not None:
        raise RefusedError("this client has joined already, with another key", code="already_joined", field="client_id")
    if invitation.used is not None:
        raise RefusedError("invitation has served already", code="bad_invitation", field="invitation")
    if invitation.expires < moment():
        raise RefusedError("invitation has expired", code="bad_invitation", field="invitation", hint="ask the provider for another")


def admit_call(store: Store, caller: Caller) -> Client:
    """The client whose key signed a call, the call's nonce taken. Raises RefusedError for an unknown key or a replay.

    A stranger's call writes nothing.
    """
    with store.read() as session:
        client = session.scalars(select(Client).where(Client.public == caller.public)).one_or_none()
    if client is None:
        raise unknown_key(caller.public)
    take_nonce(store, caller)
    return client


def take_nonce(store: Store, caller: Caller) -> None:
    """Raises RefusedError if the call was taken before."""
    with store.write() as session:
        _spend_nonce(session, caller)


def _spend_nonce(session: Session, caller: Caller) -> None:
    """Within the caller's transaction, which a replay ends."""
    session.add(Nonce(public=caller.public, nonce=caller.nonce, expires=caller.expires))
    try:
        session.flush()
    except IntegrityError as error:
        raise RefusedError(
            "this call was made before: a nonce serves once", code="replayed_call", field="nonce", value=caller.nonce,
            hint="sign every attempt anew",
        )  from error  # fmt: skip


def forget_nonces(store: Store) -> None:
    """Drop those whose signatures are too old by now, and would be if the clock was set back by less than an hour."""
    with store.write() as session:
        session.execute(delete(Nonce).where(Nonce.expires < moment() // 1000 - _CLOCK_MAY_GO_BACK))


def numbered(name: str, count: int) -> list[str]:
    """`count` names that count up from `name`, which ends in a number: edge-0001, edge-0002. Raises InputError."""
    if count == 1:
        return [name]
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    if not digits:
        raise InputError("must end in a number for --count to count up from", field="client", value=name)
    return [f"{stem}{int(digits) + step:0{len(digits)}}" for step in range(count)]
