"""A provider with a service and clients that call it: the toy preset, the real binary, real signatures."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from chain_world import World, every, open_world  # noqa: E402

from zkapex_jax.formats.atomic import make_directory  # noqa: E402
from zkapex_jax.protocol import SigningKey, State, generate_key  # noqa: E402
from zkapex_jax.protocol.http_auth import SignedCalls  # noqa: E402
from zkapex_jax.service import clients  # noqa: E402
from zkapex_jax.service.app import app_of  # noqa: E402
from zkapex_jax.service.context import Service  # noqa: E402
from zkapex_jax.service.keys import Who  # noqa: E402
from zkapex_jax.service.serving import server_config  # noqa: E402
from zkapex_jax.service.settings import Limits, Queue, Settings  # noqa: E402
from zkapex_jax.service.worker import Worker  # noqa: E402
from zkapex_jax.workflow.ledger_place import keep_url  # noqa: E402

PIECE = {"Content-Type": "application/offset+octet-stream"}
GENEROUS = Limits(jobs="100000/minute", calls="100000/minute", strangers="100000/minute", spare_disk=0)


@dataclass
class Party:
    """A client that has joined: its HTTP session signs every call."""

    name: str
    key: SigningKey
    http: httpx.Client

    @property
    def who(self) -> Who:
        return Who(self.name, self.key.public)

    def upload(self, path: Path, kind: str, piece: int = 1 << 20) -> str:
        """A whole file; returns the upload's name."""
        data = path.read_bytes()
        made = self.http.post("/v1/uploads", json={"kind": kind, "digest": hashlib.sha256(data).hexdigest(), "size": len(data)})
        assert made.status_code in (200, 201), made.text
        upload, offset = made.json()["upload"], made.json()["offset"]
        while offset < len(data) and not made.json()["whole"]:
            offset = self.piece(upload, offset, data[offset : offset + piece])
        return upload

    def piece(self, upload: str, offset: int, data: bytes) -> int:
        sent = self.http.patch(f"/v1/uploads/{upload}", content=data, headers=PIECE | {"Upload-Offset": str(offset)})
        assert sent.status_code == 204, sent.text
        return int(sent.headers["upload-offset"])

    def send_bundle(self, path: Path) -> dict[str, Any]:
        answer = self.http.post("/v1/bundles", json={"bundle": self.upload(path, "bundle")})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def job(self, name: str) -> dict[str, Any]:
        return self.http.get(f"/v1/jobs/{name}").json()


@dataclass
class Site:
    """The provider's side, its service in this process, and a worker that is called by hand."""

    world: World
    settings: Settings
    service: Service
    url: str

    @property
    def http(self) -> httpx.Client:
        """A caller who signs nothing."""
        return httpx.Client(base_url=self.url, timeout=30)

    def invite(self, name: str) -> str:
        return clients.invite(self.service.store, [name], lifetime=3600)[0]

    def session(self, key: SigningKey) -> httpx.Client:
        return httpx.Client(base_url=self.url, auth=SignedCalls(key), timeout=30)

    def join(self, name: str) -> Party:
        key = generate_key(self.world.folder / f"{name}.{time.time_ns()}.key")
        party = Party(name, key, self.session(key))
        answer = party.http.post("/v1/clients", json={"client_id": name, "invitation": self.invite(name), "public": key.public})
        assert answer.status_code == 201, answer.text
        return party

    def worker(self) -> Worker:
        return Worker.open(self.settings)

    def enrol(self, party: Party, seed: int = 1) -> Path:
        """Enrolled over HTTP; returns the state's file as the service hands it out."""
        made = self.world.enrol(party.name, seed=seed)
        body = {"enrolment": party.upload(made.enrolment, "enrolment"), "proof": party.upload(made.proof, "enrolment-proof")}
        answer = party.http.post("/v1/enrolments", json=body)
        assert answer.status_code == 202, answer.text
        while self.worker().step():
            pass
        assert party.job(answer.json()["job"])["outcome"]["accepted"], party.job(answer.json()["job"])
        return self.fetch_state(party)

    def fetch_state(self, party: Party) -> Path:
        path = self.world.folder / f"{party.name}.{time.time_ns()}.state"
        path.write_bytes(party.http.get("/v1/state").content)
        State.from_file(path)
        return path

    def bundle(self, party: Party, request: Path, state: Path) -> Path:
        return self.world.answer(party.name, request, state)[1].bundle


@contextlib.contextmanager
def listening(app: Any) -> Iterator[str]:
    """The application behind a real socket, in a thread of this process; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        server = uvicorn.Server(server_config(app, app.state.service.settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{place.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextlib.contextmanager
def open_site(folder: Path, cache: Path, *, database: str | None = None, limits: Limits = GENEROUS, queue: Queue | None = None) -> Iterator[Site]:
    """A fresh provider with one base, and its service; the ledger lies in `database`, or in a file."""
    if database is not None:
        keep_url(make_directory(folder / "provider"), database)
    world = open_world(folder, cache)
    shutil.copy(folder / "provider.key", world.provider.path / "provider.key")
    settings = Settings(
        provider=world.provider.path, cache=cache, allow_insecure=True, limits=limits, queue=queue or Queue(poll=0.05),
    )  # fmt: skip
    service = Service.open(settings)
    with listening(app_of(service)) as url:
        yield Site(world, settings, service, url)


__all__ = ["GENEROUS", "PIECE", "Party", "Site", "every", "open_site"]
