"""The page of a fleet of none, and of ten thousand."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from measure import LIMIT_MS, export_facts, logged_in, page_times
from dashboard_scene import REQUESTS, TOKEN, build

from zkapex_jax.ledger import Ledger
from zkapex_jax.protocol import generate_key
from zkapex_jax.service.app import create_app
from zkapex_jax.service.dashboard import digest_of
from zkapex_jax.service.settings import Settings


def test_a_new_provider_is_told_what_comes_next(tmp_path: Path) -> None:
    with_key = Ledger.create(tmp_path / "ledger.sqlite")
    with_key.trust(generate_key(tmp_path / "provider.key").public)
    browser = TestClient(create_app(Settings(provider=tmp_path, dashboard_token=digest_of(TOKEN))))
    page = browser.post("/login", data={"token": TOKEN, "next": "/"}).text
    assert "Nobody has joined yet" in page and "No request is open" in page and 'class="bar"' not in page
    assert "No client" in browser.get("/?q=edge").text
    assert len(browser.get("/fleet.csv").text.splitlines()) == 1
    with_key.close()


def test_when_all_requests_are_closed_nobody_owes_an_answer(tmp_path: Path) -> None:
    scene = build(tmp_path / "provider", 100, requests=REQUESTS[:1])
    page = logged_in(scene).get("/").text
    assert "No request is open: nobody owes an answer." in page and "edge-00001" in page


@pytest.mark.slow
def test_ten_thousand_clients(tmp_path: Path) -> None:
    """The processor's work for a page, which does not depend on who else uses the machine; the export in pieces, not in memory."""
    scene = build(tmp_path / "provider", 10_000)
    times = page_times(logged_in(scene), 7)
    assert max(taken["cpu_ms"] for taken in times.values()) < LIMIT_MS, times
    export = export_facts(scene)
    assert export["bytes"] > 500_000 and export["peak_bytes"] < 8 << 20, export
