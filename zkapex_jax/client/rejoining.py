"""Join again, with a new key, in a home whose key serves no more: all else in it stays."""

from __future__ import annotations

from collections.abc import Callable

from zkapex_jax.client.home import Home
from zkapex_jax.client.joining import membership_of
from zkapex_jax.client.keys import Open, has_ended, prepare, settle_held, switch
from zkapex_jax.errors import InputError


def rejoin(home: Home, open_service: Open, client_id: str, url: str, invitation: str, on_new: Callable[[str], None]) -> bool:
    """Where the service takes the home's key no more, make a new one and join with it; True if the home's key is another one now.

    A key that serves, or that the service does not know, is left alone. `on_new` is told the new public key before it is sent.

    Raises InputError (`joined_elsewhere`) before any key is made, and what joining raises: the present key stays then, and the new
    one waits for the next attempt.
    """
    membership_of(home, client_id, url)
    with home.folder.exclusive():
        settled = settle_held(home, open_service)
        if not has_ended(open_service, home.key()):
            return settled
        new = prepare(home)
        on_new(new.public)
        with open_service(new) as service:
            me = service.join(client_id, invitation, new.public)
        if me.client_id != client_id or me.public != new.public:
            raise InputError("the service speaks of another client or key", code="bad_answer", file=service.url, value=me.client_id)
        switch(home)
    return True
