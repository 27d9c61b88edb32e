"""Fixtures: a client's key, and its service over a network that fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from client_server import HASTE, Weather, serving

from zkapex_jax.client.service import Service
from zkapex_jax.protocol import SigningKey, generate_key


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return generate_key(tmp_path_factory.mktemp("key") / "client.key")


@pytest.fixture
def weather() -> Weather:
    return Weather()


@pytest.fixture
def service(weather: Weather, key: SigningKey) -> Iterator[Service]:
    with serving(weather) as url, Service(url, key, patience=HASTE) as made:
        yield made
