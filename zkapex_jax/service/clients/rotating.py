"""A client replaces its own key."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol.possession import Succession, check_possession
from zkapex_jax.service.keys import ROTATED, Who, check_serving, hold_client, serving
from zkapex_jax.service.messages import Rotate
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Key, moment


def rotate(store: Store, who: Who, wanted: Rotate, service: str) -> Key:
    """The client's new key, from this moment the only one of it that serves. The same call again finds it.

    Uploads and jobs of the client go on, for they are the client's. `service`: the authority that the call was made to.

    Raises InputError for a new key that is none or the present one, RefusedError for another client's name, a proof that is
    not the new key's, of this succession, a new key that was anybody's before, and where the present one has ended otherwise.
    """
    if wanted.client_id != who.client_id:
        raise RefusedError("the call is of another client", code="other_client", field="client_id", value=wanted.client_id)
    if wanted.public == who.public:
        raise InputError("is the key that serves already", code="same_key", field="public", value=wanted.public)
    check_possession(Succession(who.client_id, service, who.public, wanted.public), wanted.proof)
    try:
        with store.write() as session:
            return _rotate(session, who, wanted.public)
    except IntegrityError as error:  # somebody joined with it, or took it, a moment ago
        raise _taken(wanted.public) from error


def _rotate(session: Session, who: Who, public: str) -> Key:
    hold_client(session, who.client_id)
    present = serving(session, who.client_id)
    old = session.get(Key, who.public)
    if old is not None and old.why == ROTATED and present is not None and present.public == public:
        return present
    old = check_serving(old, who.public)
    if session.get(Key, public) is not None:
        raise _taken(public)
    old.ended, old.why = moment(), ROTATED
    session.flush()  # one key of a client serves at a time: the database sees to it
    new = Key(public=public, client_id=who.client_id, invitation=old.invitation, since=old.ended, ended=None, why="", words="")
    session.add(new)
    return new


def _taken(public: str) -> RefusedError:
    return RefusedError("this key was a client's before, and no key serves twice", code="key_taken", field="public", value=public)
