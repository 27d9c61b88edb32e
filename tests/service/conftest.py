"""Fixtures: a service over a fresh provider's folder, behind a real socket; its database is SQLite, and PostgreSQL."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "ledger")]

from postgres_server import Server, running  # noqa: E402
from service_world import GENEROUS, Party, Site, open_site  # noqa: E402

from zkapex_jax.service.settings import Limits  # noqa: E402


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """URL of a new database; None: a file of the provider's folder."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres").database()


@pytest.fixture(scope="module")
def limits() -> Limits:
    """Of the module's site; a module that needs others has a fixture of this name."""
    return GENEROUS


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, cache: Path, database: str | None, limits: Limits) -> Iterator[Site]:
    """Serves a whole module, once a database: every test joins clients of its own."""
    with open_site(tmp_path_factory.mktemp("site"), cache, database=database, limits=limits) as opened:
        yield opened


@pytest.fixture
def party(site: Site) -> Party:
    return site.join(f"client-{time.time_ns()}")


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """A command that serves takes this process's log over, for a standard error that ends with the test."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
