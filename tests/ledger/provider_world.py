"""A provider's folder with two clients, as `zkapex admit`, `publish` and `verify` leave it, but for proofs that are random bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from artefact_factory import Factory

from zkapex_jax.protocol import Bundle, Enrolment, Request, SigningKey, State, generate_key
from zkapex_jax.protocol.chain import first_state, next_state, renewed_state
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow.ledger_place import keep_url


@dataclass
class World:
    """Alice complied, and enrolled anew; bob's answer was refused."""

    folder: Path
    key: SigningKey
    request: Request
    bundle: Bundle
    refused: Bundle
    after: State

    def open(self) -> Provider:
        return Provider.open(self.folder)


def build(folder: Path, place: str) -> World:
    """Make the world; `place` is a PostgreSQL URL, or a file, for which the folder's own is taken."""
    folder.mkdir()
    if "://" in place:
        keep_url(folder, place)
    key, make = generate_key(folder / "provider.key"), Factory(folder.parent)
    provider = Provider.open(folder, create=True)
    provider.ledger.trust(key.public)
    base = provider.keep(make.base(key))
    provider.ledger.add_base(base)
    make.model = base.model_ref
    alice, bob = _enrol(provider, make, "alice"), _enrol(provider, make, "bob")
    request = provider.keep(make.request(key))
    provider.ledger.add_request(request)
    bundle = provider.keep(make.bundle(alice[0], request, alice[1]))
    after = provider.make(partial(next_state, alice[1], request, bundle))
    provider.ledger.accept(bundle, after, seconds=0.5)
    _enrol(provider, make, "alice", after)
    refused = provider.keep(make.bundle(bob[0], request, bob[1]))
    provider.ledger.refuse(refused, reason="chunk 0: fold.last", seconds=0.1)
    provider.ledger.close()
    return World(folder, key, request, bundle, refused, after)


def _enrol(provider: Provider, make: Factory, client_id: str, before: State | None = None) -> tuple[Enrolment, State]:
    enrolment = provider.keep(make.enrolment(client_id))
    proof = provider.keep(make.enrolment_proof(enrolment, before))
    state = provider.make(partial(renewed_state, before, enrolment, proof.digest) if before else partial(first_state, enrolment))
    provider.ledger.add_enrolment(enrolment, proof, state)
    return enrolment, state


