"""What tests of keys share: revoking at the provider's, replacing at the client's, and what a call is answered with."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
from service_world import Party, Site

from zkapex_jax.protocol import SigningKey, generate_key
from zkapex_jax.protocol.possession import Succession, prove_possession
from zkapex_jax.service import clients
from zkapex_jax.service.clients import Revoked
from zkapex_jax.service.keys import history
from zkapex_jax.service.store import Store

WORDS = "laptop stolen"


def fresh_key(folder: Path) -> SigningKey:
    return generate_key(folder / f"{time.time_ns()}.key")


def revoke(site: Site, party: Party, words: str = WORDS) -> Revoked:
    """As the command does, from another process: a store of its own."""
    store = Store.open(site.settings)
    try:
        return clients.revoke(store, site.settings, party.name, words)
    finally:
        store.close()


def rejoin(site: Site, party: Party, key: SigningKey) -> Party:
    """The same client with a new key, by a new invitation."""
    again = Party(party.name, key, site.session(key))
    answer = again.http.post("/v1/clients", json={"client_id": party.name, "invitation": site.invite(party.name), "public": key.public})
    assert answer.status_code == 201, answer.text
    return again


def rotation(party: Party, new: SigningKey, *, signer: SigningKey | None = None, **said: str) -> dict[str, str]:
    """The body of an honest replacement, or one whose proof says otherwise (`said`) or is another key's."""
    service = httpx.URL(party.http.base_url).netloc.decode()
    succession = Succession(**({"client_id": party.name, "service": service, "public": party.key.public, "successor": new.public} | said))
    return {"client_id": party.name, "public": new.public, "proof": prove_possession(signer or new, succession)}


def rotate(party: Party, new: SigningKey, **changes: Any) -> httpx.Response:
    return party.http.post("/v1/key", json=rotation(party, new) | changes)


def rotated(site: Site, party: Party, new: SigningKey) -> Party:
    """The client after an honest replacement."""
    answer = rotate(party, new)
    assert answer.status_code == 200, answer.text
    return Party(party.name, new, site.session(new))


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", {}).get("code", "")


def story(site: Site, party: Party) -> list[tuple[str, str]]:
    """Public halves of a client's keys and why they ended, oldest first."""
    return [(key.public, key.why) for key in history(site.service.store, party.name)]
