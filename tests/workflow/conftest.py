"""Fixtures: one cache of tables and reference string, and a small world to break things in."""

from __future__ import annotations

from pathlib import Path

import pytest
from chain_world import World, open_world


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> World:
    """A provider without clients; its ledger serves the whole module."""
    return open_world(tmp_path_factory.mktemp("world"), cache)
