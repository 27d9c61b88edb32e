"""The keys that signed a client's calls, as the page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zkapex_jax.ledger import Ledger
from zkapex_jax.service.answers import utc
from zkapex_jax.service.keys import REVOKED, of_client
from zkapex_jax.service.tables import Key

Ends = Literal["serves", "replaced", "revoked"]


@dataclass(frozen=True)
class KeyLine:
    """One key: how it stands, from when to when it served (UTC), and the provider's words where it was revoked."""

    standing: Ends
    public: str
    since: str
    ended: str | None
    words: str

    @classmethod
    def of(cls, key: Key) -> KeyLine:
        ends: Ends = "serves" if key.ended is None else "revoked" if key.why == REVOKED else "replaced"
        return cls(ends, key.public, utc(key.since), None if key.ended is None else utc(key.ended), key.words)


def keys_of(ledger: Ledger, client_id: str) -> tuple[KeyLine, ...]:
    """Every key that a client ever had, newest first."""
    with ledger.reading() as session:
        return tuple(KeyLine.of(key) for key in reversed(session.scalars(of_client(client_id)).all()))
