"""Whose call it is, and that it was not made before."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol.http_signing import Caller
from zkapex_jax.service.keys import ROTATED, Who, check_serving
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Key, Nonce, moment

#: Seconds. A clock that was set back would make old calls good again; their nonces are still known then.
_CLOCK_MAY_GO_BACK = 3600
_MINUTE = 60


def admit_call(store: Store, caller: Caller, *, rotated: bool = False) -> Who:
    """Whose key signed a call, the call's nonce taken. `rotated`: also a key that its client has replaced, for it may ask again
    for the same replacement. Raises RefusedError for a key that is unknown or ended, or a replay.

    A call that is refused for its key writes nothing.
    """
    with store.read() as session:
        key = session.get(Key, caller.public)
    if not (rotated and key is not None and key.why == ROTATED):
        key = check_serving(key, caller.public)
    take_nonce(store, caller)
    return Who(key.client_id, key.public)


def take_nonce(store: Store, caller: Caller) -> None:
    """Raises RefusedError if the call was taken before."""
    with store.write() as session:
        spend_nonce(session, caller)


def spend_nonce(session: Session, caller: Caller) -> None:
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
    """Drop those whose signatures are too old by now, and would be if the clock was set back by less than an hour.

    By minutes, each a transaction: after a service stood still for long there may be very many.
    """
    ends = moment() // 1000 - _CLOCK_MAY_GO_BACK
    while (first := _oldest(store, ends)) is not None:
        with store.write() as session:
            session.execute(delete(Nonce).where(Nonce.expires < min(first + _MINUTE, ends)))


def _oldest(store: Store, ends: int) -> int | None:
    with store.read() as session:
        return session.scalars(select(Nonce.expires).where(Nonce.expires < ends).order_by(Nonce.expires).limit(1)).first()
