"""Fixtures: a factory of artefacts, and a provider's key."""

from __future__ import annotations

from pathlib import Path

import pytest
from artefact_factory import Factory

from zkapex_jax.protocol import SigningKey, generate_key


@pytest.fixture
def make(tmp_path: Path) -> Factory:
    return Factory(tmp_path)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return generate_key(tmp_path / "provider.key")
