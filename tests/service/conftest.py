"""Fixtures: a service over a fresh provider's folder, behind a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from service_world import Site, open_site


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Site]:
    """Serves a whole module: every test joins clients of its own."""
    with open_site(tmp_path_factory.mktemp("site"), cache) as opened:
        yield opened
