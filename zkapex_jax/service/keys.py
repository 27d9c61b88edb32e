"""Keys of clients: the one that serves, those that ended, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from zkapex_jax.errors import RefusedError
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Client, Job, Key
from zkapex_jax.service.words import unknown_key

ROTATED, REVOKED = "rotated", "revoked"


@dataclass(frozen=True)
class Who:
    """The client that calls, and the key that signed."""

    client_id: str
    public: str


def serving(session: Session, client_id: str) -> Key | None:
    """The key that signs a client's calls now."""
    return session.scalars(select(Key).where(Key.client_id == client_id, Key.ended.is_(None))).one_or_none()


def serves(store: Store, who: Who) -> bool:
    """Whether the key signs its client's calls still."""
    with store.read() as session:
        key = session.get(Key, who.public)
    return key is not None and key.ended is None


def history(store: Store, client_id: str) -> list[Key]:
    """Every key that a client ever had, oldest first."""
    with store.read() as session:
        return list(session.scalars(of_client(client_id)))


def of_client(client_id: str) -> Select[Key]:
    """The query of a client's keys, oldest first."""
    return select(Key).where(Key.client_id == client_id).order_by(Key.since, Key.ended.is_(None), Key.ended, Key.public)


def hold_client(session: Session, client_id: str) -> None:
    """Nobody else writes for this client until the transaction ends: revocation and rotation wait, or are seen."""
    session.get(Client, client_id, with_for_update=True)


def need_serving(session: Session, who: Who) -> None:
    """Hold the client, and make sure that the key of the call serves still: it may have ended since the call was admitted.

    Whatever a call changes is written after this, in one transaction. Raises RefusedError.
    """
    hold_client(session, who.client_id)
    check_serving(session.get(Key, who.public, populate_existing=True), who.public)


def check_serving(key: Key | None, public: str) -> Key:
    """Raises RefusedError for a key that is unknown or ended."""
    if key is None:
        raise unknown_key(public)
    if key.ended is not None:
        raise ended(key)
    return key


def ended(key: Key) -> RefusedError:
    """Why a key serves no more. The provider's words are not told: whoever has the key asks, and it may be a thief."""
    if key.why == REVOKED:
        return RefusedError(
            "the provider has revoked the key of this call", code="revoked_key", field="keyid", value=key.public,
            hint="ask the provider for a new invitation, then join again: `zkapex client join` makes a new key",
        )  # fmt: skip
    return RefusedError(
        "the key of this call was replaced by its client", code="rotated_key", field="keyid", value=key.public,
        hint="use the home that holds the new key; if you did not replace it, ask the provider to revoke it: somebody else has your key",
    )  # fmt: skip


def was_revoked(session: Session, job: Job) -> bool:
    """Whether the key that handed a job in was revoked, or one that followed it by rotation."""
    key = session.get(Key, job.public)
    if key is None:
        return False
    same = select(Key.public).where(Key.client_id == key.client_id, Key.invitation == key.invitation, Key.why == REVOKED)
    return session.scalars(same.limit(1)).first() is not None
