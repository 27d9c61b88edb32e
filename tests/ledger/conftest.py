"""Fixtures: a factory of artefacts (shared with the protocol's tests), a key, and a ledger that trusts it and has a base."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "protocol"))

from artefact_factory import Factory  # noqa: E402

from zkapex_jax.ledger import Ledger  # noqa: E402
from zkapex_jax.protocol import SigningKey, generate_key  # noqa: E402


@pytest.fixture
def make(tmp_path: Path) -> Factory:
    return Factory(tmp_path)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return generate_key(tmp_path / "provider.key")


@pytest.fixture
def ledger(tmp_path: Path, make: Factory, key: SigningKey) -> Ledger:
    """One base model is published; what the factory makes names it."""
    made = Ledger.create(tmp_path / "ledger.sqlite")
    made.trust(key.public)
    base = make.base(key)
    made.add_base(base)
    make.model = base.model_ref
    return made
