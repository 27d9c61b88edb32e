"""Fixtures: a factory of artefacts (shared with the protocol's tests), a key, and a ledger that trusts it and has a base.

Tests that take `ledger` run twice: on an SQLite file, and on a PostgreSQL database. `file_ledger` is the file alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "protocol")]

from artefact_factory import Factory  # noqa: E402
from postgres_server import Server, running  # noqa: E402

from zkapex_jax.ledger import Ledger  # noqa: E402
from zkapex_jax.protocol import SigningKey, generate_key  # noqa: E402


@pytest.fixture
def make(tmp_path: Path) -> Factory:
    return Factory(tmp_path)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return generate_key(tmp_path / "provider.key")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new ledger may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite")
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def ledger(place: str, make: Factory, key: SigningKey) -> Iterator[Ledger]:
    """One base model is published; what the factory makes names it."""
    made = _with_base(place, make, key)
    yield made
    made.close()


@pytest.fixture
def file_ledger(tmp_path: Path, make: Factory, key: SigningKey) -> Ledger:
    """The same, in an SQLite file."""
    return _with_base(str(tmp_path / "ledger.sqlite"), make, key)


def _with_base(place: str, make: Factory, key: SigningKey) -> Ledger:
    made = Ledger.create(place)
    made.trust(key.public)
    base = make.base(key)
    made.add_base(base)
    make.model = base.model_ref
    return made
