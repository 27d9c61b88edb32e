"""The short form of the load test: uploads at once, a worker killed, the server killed and started again."""

from __future__ import annotations

from pathlib import Path

import pytest
from deployment import Deployment
from service_load import run
from service_world import Site


@pytest.mark.slow
def test_every_acknowledged_upload_is_judged_exactly_once(tmp_path: Path, cache: Path, database: str | None) -> None:
    record = run(tmp_path, cache, database=database, fleet=10_000, honest=3, refused=47)
    print(record)
    assert record["judged_once"] == 50 and record["exit"] == 0
    assert record["taken_again"] >= 1, "a worker was killed at its work"


@pytest.mark.slow
def test_a_second_server_at_the_same_address_says_so(site: Site) -> None:
    server = Deployment(site.settings.provider, site.settings.cache, workers=0)
    server.start()
    try:
        second = Deployment(site.settings.provider, site.settings.cache, workers=0, port=server.port)
        with pytest.raises(AssertionError, match="cannot listen"):
            second.health = lambda: None  # type: ignore[method-assign]  # the first one answers
            second.start()
        assert server.stop() == 0
    finally:
        server.kill()
