"""Become a client: at a service with an invitation, or with files alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from zkapex_jax.client.home import Home, Membership
from zkapex_jax.client.service import Service, check_url
from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.formats import canonical
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol.fields import now

_MAX_INVITATIONS = 16 << 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def join(home: Home, service: Service, client_id: str, invitation: str, provider_keys: Iterable[str] = ()) -> Membership:
    """Make this client's key known to the service, and remember which keys of the provider count. Joining twice changes nothing.

    `invitation` may be empty where the key has joined before. Without `provider_keys` those that the service names are trusted
    from here on: compare them with the provider's own word.

    Raises:
        InputError: the home belongs to another client or service (`joined_elsewhere`), or the id is malformed.
        RefusedError: the invitation is refused, or the service does not know a key that was given (`other_signer`).
    """
    known, expected = membership_of(home, client_id, service.url), tuple(provider_keys)
    public = home.key().public
    try:
        me = service.join(client_id, invitation, public) if invitation else service.me()
    except ZkapexError as error:
        me = _joined_before(service, client_id, public, error)
    if me.client_id != client_id or me.public != public:
        raise InputError("the service speaks of another client or key", code="bad_answer", file=service.url, value=me.client_id)
    for key in expected:
        if key not in me.provider_keys:
            raise RefusedError(
                "the service does not name this key of the provider as its own", code="other_signer", file=service.url, value=key
            )
    trusted = known.trusting(expected) if known else _membership(client_id, service.url, expected or tuple(me.provider_keys))
    home.keep_membership(trusted)
    return trusted


def join_by_files(home: Home, client_id: str, provider_keys: Iterable[str]) -> Membership:
    """A home without a service: files come and go by other ways."""
    known = membership_of(home, client_id, None)
    membership = known.trusting(provider_keys) if known else _membership(client_id, "", tuple(provider_keys))
    home.keep_membership(membership)
    home.key()
    return membership


def join_document(client_id: str, invitation: str, public: str) -> bytes:
    """What joining sends: the body of POST /v1/clients."""
    return canonical.dumps({"client_id": client_id, "invitation": invitation, "public": public})


def read_invitation(text: str, client_id: str) -> str:
    """An invitation, as text, or as the name of a file with it: alone, or after the client's id as `zkapex invite` prints them.
    What is neither never goes to the service: it may be any word of the caller's. Nothing is no invitation, and stays nothing."""
    if not text or _TOKEN.fullmatch(text):
        return text
    for line in _lines(Path(text)):
        words = line.split()
        if words and _TOKEN.fullmatch(words[-1]) and words[:-1] in ([], [client_id]):
            return words[-1]
    raise InputError("holds no invitation for this client", code="bad_invitation", file=text, field="client", value=client_id)


def _lines(path: Path) -> list[str]:
    if not path.exists():
        raise InputError("is neither an invitation nor a file with one", code="bad_invitation", field="invitation")
    try:
        return read_bytes(path, max_bytes=_MAX_INVITATIONS).decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise InputError("is no file of invitations", code="bad_invitation", file=path) from error


def _joined_before(service: Service, client_id: str, public: str, refusal: ZkapexError):  # noqa: ANN202
    """The answer to joining was lost, or an invitation is given a second time: what counts is whom the service knows."""
    if isinstance(refusal, (InputError, RefusedError)):
        try:
            me = service.me()
        except ZkapexError:
            raise refusal from None
        if me.client_id == client_id and me.public == public:
            return me
    raise refusal


def membership_of(home: Home, client_id: str, url: str | None) -> Membership | None:
    """What the home has joined, if anything. Raises InputError (`joined_elsewhere`) if that is another client or service."""
    if not home.membership_file.is_file():
        return None
    found = home.membership
    other_place = url is not None and found.url not in ("", check_url(url))
    if found.client_id != client_id or other_place:
        raise InputError(
            "has joined already, as another client or elsewhere", code="joined_elsewhere", file=home.path,
            value=f"{found.client_id} {found.url}".strip(), hint="name another --home",
        )  # fmt: skip
    return found if url is None or found.url else found.model_copy(update={"url": check_url(url)})


def _membership(client_id: str, url: str, keys: tuple[str, ...]) -> Membership:
    return Membership.parse({"client_id": client_id, "url": url, "provider_keys": keys, "joined": now()})
