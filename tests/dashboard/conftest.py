"""One scene for the whole room, a client that speaks to its dashboard, and a real server for a real browser."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the dashboard needs the extra [service]")
sys.path.insert(0, str(Path(__file__).parent))

from fastapi import FastAPI  # noqa: E402
from fastapi.testclient import TestClient  # noqa: E402
from dashboard_scene import TESTS, TOKEN, Scene, build, vit_like  # noqa: E402

from zkapex_jax.service.app import create_app  # noqa: E402

sys.path.append(str(TESTS / "ledger"))

from postgres_server import running  # noqa: E402


@pytest.fixture(scope="module", params=["sqlite"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """On an SQLite file; a module may ask for PostgreSQL as well."""
    with running() if request.param == "postgresql" else contextlib.nullcontext() as server:
        database = server.database() if server else None
        made = build(tmp_path_factory.mktemp("dashboard") / "provider", layout=vit_like(4), database=database)
        yield made
        made.ledger.close()
        made.store.close()


@pytest.fixture(scope="module")
def app(scene: Scene) -> FastAPI:
    """The whole service, as `zkapex serve` runs it."""
    return create_app(scene.settings)


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """Nobody has logged in."""
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def browser(app: FastAPI) -> TestClient:
    """The provider, logged in."""
    client = TestClient(app)
    client.post("/login", data={"token": TOKEN})
    return client


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    """The dashboard on a port of this machine, until the tests are done."""
    import uvicorn

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [held]}, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)
