"""Invitations: a token lets one client join once, with a key of its own."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol.artefact import Header
from zkapex_jax.protocol.fields import ClientId
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Invitation, Key, moment


class _Named(Header):
    client_id: ClientId


def check_name(client_id: str) -> str:
    """Raises InputError for a name that no client can have."""
    return _Named.parse({"client_id": client_id}).client_id


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def invite(store: Store, client_ids: Sequence[str], *, lifetime: float) -> list[str]:
    """A fresh token a client, good for `lifetime` seconds, all recorded or none. One whose key was revoked may be invited again.

    Raises InputError for a name that no client can have, RefusedError if one has joined already, with a key that serves.
    """
    names = [check_name(name) for name in client_ids]
    tokens, made = [secrets.token_urlsafe(32) for _ in names], moment()
    with store.write() as session:
        for start in range(0, len(names), 500):
            some = names[start : start + 500]
            known = session.scalars(select(Key.client_id).where(Key.client_id.in_(some), Key.ended.is_(None))).first()
            if known is not None:
                raise RefusedError(
                    "has joined already", code="already_joined", field="client", value=known,
                    hint="`zkapex revoke` takes its key back; then it can be invited again",
                )  # fmt: skip
        expires = made + int(1000 * lifetime)
        session.add_all(
            Invitation(token_digest=token_digest(token), client_id=name, made=made, expires=expires, used=None)
            for name, token in zip(names, tokens, strict=True)
        )
    return tokens


def need_invitation(session: Session, digest: str, client_id: str, *, lock: bool = False) -> Invitation:
    """Raises RefusedError if there is none of this client."""
    found = session.get(Invitation, digest, with_for_update=lock)
    if found is None or found.client_id != client_id:
        raise RefusedError("invitation is not for this client, or there is none", code="bad_invitation", field="invitation")
    return found


def check_unused(invitation: Invitation) -> None:
    """Raises RefusedError if it serves no more."""
    if invitation.used is not None:
        raise RefusedError("invitation has served already", code="bad_invitation", field="invitation")
    if invitation.expires < moment():
        raise RefusedError("invitation has expired", code="bad_invitation", field="invitation", hint="ask the provider for another")


def withdraw(session: Session, client_id: str) -> int:
    """Let every unused invitation of a client expire now; returns how many there were that were good still."""
    now = moment()
    good = update(Invitation).where(Invitation.client_id == client_id, Invitation.used.is_(None), Invitation.expires >= now)
    return session.execute(good.values(expires=now - 1)).rowcount


def numbered(name: str, count: int) -> list[str]:
    """`count` names that count up from `name`, which ends in a number: edge-0001, edge-0002. Raises InputError."""
    if count == 1:
        return [name]
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    if not digits:
        raise InputError("must end in a number for --count to count up from", field="client", value=name)
    return [f"{stem}{int(digits) + step:0{len(digits)}}" for step in range(count)]
