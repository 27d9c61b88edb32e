"""What endpoints share: one value a process, and who calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import SigningKey
from zkapex_jax.protocol.http_signing import Caller
from zkapex_jax.service.guard import Rates
from zkapex_jax.service.keys import Who
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.watching.meters import Meters
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.ledger_place import ledger_place


@dataclass(frozen=True)
class Service:
    """Opened once: settings, the service's tables, the provider's folder with its ledger, its key, the counts of calls, what is told of them."""

    settings: Settings
    store: Store
    provider: Provider
    key: SigningKey
    rates: Rates
    meters: Meters = field(default_factory=Meters)

    @classmethod
    def open(cls, settings: Settings) -> Service:
        """Raises InputError or StorageError where folder, key or database are not fit for use."""
        provider = open_provider(settings)
        return cls(settings, Store.open(settings), provider, SigningKey.load(settings.key), Rates(settings))

    @property
    def ledger(self) -> Ledger:
        return self.provider.ledger


def open_provider(settings: Settings, *, check: bool = True) -> Provider:
    """The provider's folder, with the ledger of the settings' database; `check` False where its chain was recomputed just now."""
    if check and settings.database is None:
        return Provider.open(settings.provider, whole=True)
    return Provider(settings.provider, Ledger.open(settings.database or ledger_place(settings.provider), check=check))


def _service(request: Request) -> Service:
    return cast(Service, request.app.state.service)


def _client(request: Request) -> str:
    return _who(request).client_id


def _who(request: Request) -> Who:
    return cast(Who, request.state.who)


def _caller(request: Request) -> Caller:
    return cast(Caller, request.state.caller)


Here = Annotated[Service, Depends(_service)]
ClientName = Annotated[str, Depends(_client)]
#: The client and the key that it called with: whatever is written for it holds that key against what ended meanwhile.
Calling = Annotated[Who, Depends(_who)]
Signed = Annotated[Caller, Depends(_caller)]
