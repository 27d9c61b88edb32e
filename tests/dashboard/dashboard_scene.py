"""A synthetic fleet of which a few clients have real artefacts behind every digest: what the dashboard draws, it draws of these."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / "protocol"), str(TESTS / "service")]

from artefact_factory import LAYOUT, Factory  # noqa: E402
from synthetic_fleet import REQUESTS, Asked, Client, Names, fill  # noqa: E402

from zkapex_jax.ledger import Ledger  # noqa: E402
from zkapex_jax.ledger.detail import client_detail  # noqa: E402
from zkapex_jax.models.layout import TargetLayout  # noqa: E402
from zkapex_jax.presets import TOY  # noqa: E402
from zkapex_jax.protocol import ChunkedLayout, Enrolment, Request, SigningKey, State, generate_key  # noqa: E402
from zkapex_jax.protocol.artefact import Artefact  # noqa: E402
from zkapex_jax.protocol.chain import next_state  # noqa: E402
from zkapex_jax.service import receipts  # noqa: E402
from zkapex_jax.service.dashboard import digest_of  # noqa: E402
from zkapex_jax.service.settings import Settings  # noqa: E402
from zkapex_jax.service.store import Store  # noqa: E402
from zkapex_jax.service.tables import Client as Joined  # noqa: E402
from zkapex_jax.service.tables import Key, moment  # noqa: E402
from zkapex_jax.workflow.folders import Provider  # noqa: E402
from zkapex_jax.workflow.receipts import make_receipt  # noqa: E402

TOKEN = "the-token-of-the-tests"
#: Refused once before each acceptance; enrolled anew before the last request. Both by the rules of the synthetic fleet.
STUMBLES, RENEWS = "edge-00040", "edge-00097"
FORGET = ("photographs of one hospital's patients", "messages of a user who left", "addresses of a street")


def vit_like(blocks: int) -> ChunkedLayout:
    """Tensors with the names of a small vision transformer: about two toy chunks a block."""
    parts = (("attention/output/dense/kernel", (20, 20)), ("intermediate/dense/kernel", (20, 32)), ("output/dense/kernel", (32, 20)))
    tensors = tuple((f"vit/encoder/layer/{block}/{path}", shape) for block in range(blocks) for path, shape in parts)
    return ChunkedLayout.cut(TargetLayout("vit/encoder/layer/*/**/kernel", tuple(sorted(tensors))), TOY)


class Played(Names):
    """Real artefacts, kept in the provider's folder, for the base, the requests and the clients named."""

    def __init__(self, folder: Path, key: SigningKey, layout: ChunkedLayout, clients: set[str]) -> None:
        (folder / "artefacts").mkdir(exist_ok=True)
        (folder / "made").mkdir()
        self.folder, self.key, self.clients, self.mask_bytes = folder, key, clients, layout.mask_bytes
        self.factory, self.requests = Factory(folder / "made", layout=layout), {}
        self.enrolments: dict[str, Enrolment] = {}
        self.states: dict[str, State] = {}
        self.coming: dict[str, State] = {}

    def keep(self, artefact: Artefact) -> str:
        shutil.move(artefact.path, self.folder / "artefacts" / f"{artefact.digest}.safetensors")
        return artefact.digest

    def kept(self, kind: type[Artefact], digest: str) -> Artefact:
        return kind.from_file(self.folder / "artefacts" / f"{digest}.safetensors", verify=False)

    def base(self) -> dict[str, str]:
        base = self.factory.base(self.key)
        self.factory.model = base.model_ref
        return {"digest": self.keep(base), "weights_digest": base.model.base_digest}

    def request(self, number: int, asked: Asked, rng: np.random.Generator) -> tuple[dict[str, str], bytes]:
        request = self.factory.request(self.key, mask=self.mask(rng), request_id=asked.request_id, forget=FORGET[number % len(FORGET)])
        self.requests[number] = self.kept(Request, self.keep(request))
        return {"digest": request.digest, "nonce": request.nonce}, self.requests[number].tensor("mask").tobytes()

    def mask(self, rng: np.random.Generator) -> np.ndarray:
        """About one weight in twenty, more in some chunks than in others, in about two chunks of three."""
        layout = self.factory.layout
        shares = rng.gamma(1.2, 0.05, len(layout.chunks)) * (rng.random(len(layout.chunks)) < 0.65)
        shares[int(rng.integers(len(shares)))] = 0.3
        return rng.random(layout.weights) < np.repeat(np.minimum(shares, 0.6), layout.chunks)

    def enrolment(self, client: Client, number: int) -> dict[str, str]:
        if client.client_id not in self.clients:
            return super().enrolment(client, number)
        before = self.states.get(client.client_id)
        enrolment = self.factory.enrolment(client.client_id)
        proof = self.factory.enrolment_proof(enrolment, before)
        self.coming[client.client_id] = self.factory.state(enrolment, proof, after=before)
        digests = {"digest": self.keep(enrolment), "proof_digest": self.keep(proof)}
        self.enrolments[client.client_id] = self.kept(Enrolment, digests["digest"])
        return digests

    def bundle(self, client: Client, request: int, number: int, accepted: bool) -> str:
        if client.client_id not in self.clients:
            return super().bundle(client, request, number, accepted)
        answered, before = self.requests[request], self.states[client.client_id]
        bundle = self.factory.bundle(self.enrolments[client.client_id], answered, before, insecure=False)
        if accepted:
            self.coming[client.client_id] = next_state(before, answered, bundle, self.factory.path("state"))
        return self.keep(bundle)

    def state(self, client: Client, number: int) -> dict[str, str]:
        if client.client_id not in self.clients:
            return super().state(client, number)
        state = self.coming.pop(client.client_id)
        self.states[client.client_id] = self.kept(State, self.keep(state))
        return {"state_digest": state.digest, "head": state.head}


@dataclass(frozen=True)
class Scene:
    """A provider's folder, its ledger with the service's tables, and settings with a token."""

    folder: Path
    ledger: Ledger
    settings: Settings
    store: Store


def build(
    folder: Path, clients: int = 120, *, layout: ChunkedLayout = LAYOUT, requests: tuple[Asked, ...] = REQUESTS, now: datetime | None = None,
    database: str | None = None,
) -> Scene:  # fmt: skip
    """Clients of a synthetic fleet, two of them with artefacts, one with receipts, and one that joined and never enrolled."""
    folder.mkdir(parents=True, exist_ok=True)
    key = generate_key(folder / "provider.key")
    ledger = Ledger.create(database or folder / "ledger.sqlite")
    ledger.trust(key.public)
    fill(ledger, clients, requests=requests, now=now or datetime.now(UTC), names=Played(folder, key, layout, {STUMBLES, RENEWS}))
    settings = Settings(provider=folder, database=database, dashboard_token=digest_of(TOKEN), late_after=14 * 86400)
    store = Store.open(settings)
    with store.write() as session:
        session.add(Joined(client_id="edge-joined", joined=moment()))
        session.add(Key(public="ab" * 32, client_id="edge-joined", invitation="cd" * 32, since=moment(), ended=None, why="", words=""))
        for verdict in client_detail(ledger, STUMBLES).verdicts:
            receipts.keep(session, make_receipt(Provider(folder, ledger), key, verdict.bundle_digest))
    return Scene(folder, ledger, settings, store)
