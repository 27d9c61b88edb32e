"""One scene for the whole room, a client that speaks to its dashboard, and a real server for a real browser."""

from __future__ import annotations

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
from scene import TOKEN, Scene, build, vit_like  # noqa: E402

from zkapex_jax.service.dashboard import dashboard_router  # noqa: E402


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return build(tmp_path_factory.mktemp("dashboard") / "provider", layout=vit_like(4))


@pytest.fixture(scope="session")
def app(scene: Scene) -> FastAPI:
    made = FastAPI()
    made.include_router(dashboard_router(scene.settings, scene.ledger))
    return made


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


@pytest.fixture(scope="session")
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
