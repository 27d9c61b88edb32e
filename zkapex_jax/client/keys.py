"""The client's key over its life: a new one is written beside the present one first, and takes its name when the service knows it.

Killed at any moment, the home holds a key that the service takes: the present one, or the one that waits; `settle_key` asks which.
No key is thrown away: those that ended lie in `retired-keys/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.client.home import Home
from zkapex_jax.client.service import Service
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.formats.atomic import SECRET_MODE, make_directory, publish, storage_errors, write_bytes, write_text
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.protocol import SigningKey, generate_key

#: A service's words for a key that serves no more.
ENDED = frozenset({"revoked_key", "rotated_key"})
_MAX_KEY_FILE = 16 << 10
#: Calls of a key to the service that the home joined.
Open = Callable[[SigningKey], Service]


@dataclass(frozen=True)
class Replaced:
    """Public keys, hex. `resumed`: the service had taken the new one before, in a run that was interrupted."""

    old: str
    new: str
    resumed: bool


def next_file(home: Home) -> Path:
    """The key that waits to take the present one's place."""
    return home.path / "client.key.next"


def retired(home: Home) -> Path:
    """Folder of keys that ended, each under its public half."""
    return home.path / "retired-keys"


def waiting_key(home: Home) -> SigningKey | None:
    """The key that waits, if there is one."""
    return SigningKey.load(next_file(home)) if next_file(home).exists() else None


def prepare(home: Home) -> SigningKey:
    """A key that waits: the one of a run that was interrupted, or a new one."""
    return waiting_key(home) or generate_key(next_file(home), force=True)


def switch(home: Home) -> None:
    """The key that waits is the client's own from here on. To be run again where it was interrupted."""
    new = SigningKey.load(next_file(home))
    if home.key_file.exists():
        _retire(home, home.key_file, but_not=new.public)
    with storage_errors(home.key_file):
        publish(next_file(home), home.key_file, force=True)
    _tidy(home)


def set_aside(home: Home) -> None:
    """A key that waits and that the service will never take goes to those that ended."""
    _retire(home, next_file(home))
    for file in (next_file(home), _public_of(next_file(home))):
        file.unlink(missing_ok=True)


def settle_key(home: Home, open_service: Open) -> bool:
    """Finish a replacement that was interrupted: ask the service for whom it takes the key that waits. True if that is the client's now.

    Raises StorageError (`locked`) while another command is replacing it.
    """
    if not next_file(home).exists() and not _public_of(next_file(home)).exists():
        return False
    with home.folder.exclusive():
        return settle_held(home, open_service)


def settle_held(home: Home, open_service: Open) -> bool:
    """As `settle_key`, where the caller holds the folder."""
    new = waiting_key(home)
    if new is None:
        _tidy(home)
        return False
    if not _is_taken(home, open_service, new):
        return False
    switch(home)
    return True


def rotate(home: Home, open_service: Open) -> Replaced:
    """Replace the client's key by a new one. Raises RefusedError where the present one serves no more."""
    with home.folder.exclusive():
        old = home.key()
        if settle_held(home, open_service):
            return Replaced(old.public, home.key().public, resumed=True)
        new = prepare(home)
        with open_service(old) as service:
            try:
                answer = service.rotate(home.membership.client_id, new)
            except RefusedError as error:
                if error.code == "key_taken":
                    set_aside(home)
                raise
        if answer.public != new.public or answer.client_id != home.membership.client_id:
            raise InputError("the service speaks of another client or key", code="bad_answer", file=service.url, value=answer.public)
        switch(home)
    return Replaced(old.public, new.public, resumed=False)


def has_ended(open_service: Open, key: SigningKey) -> bool:
    """Whether the service knows this key, and takes it no more."""
    with open_service(key) as service:
        try:
            service.me()
        except RefusedError as error:
            if error.code in ENDED:
                return True
            if error.code != "unknown_key":
                raise
    return False


def _is_taken(home: Home, open_service: Open, new: SigningKey) -> bool:
    """Whether the service has known this key as this client's; it may have ended since, which the next call is told."""
    with open_service(new) as service:
        try:
            me = service.me()
        except RefusedError as error:
            if error.code == "unknown_key":
                return False
            if error.code in ENDED:
                return True
            raise
    if home.membership_file.is_file() and me.client_id != home.membership.client_id:
        raise InputError("the service speaks of another client or key", code="bad_answer", file=service.url, value=me.client_id)
    return True


def _retire(home: Home, file: Path, *, but_not: str = "") -> None:
    public = SigningKey.load(file).public
    if public != but_not:
        kept = make_directory(retired(home), mode=0o700) / f"{public}.key"
        write_bytes(kept, read_bytes(file, max_bytes=_MAX_KEY_FILE), force=True, mode=SECRET_MODE)


def _tidy(home: Home) -> None:
    """The public half beside the key follows it."""
    mark = _public_of(next_file(home))
    if mark.exists():
        write_text(_public_of(home.key_file), SigningKey.load(home.key_file).public + "\n", force=True)
        mark.unlink(missing_ok=True)


def _public_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.pub")
