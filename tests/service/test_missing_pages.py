"""Addresses that are none: a page with a way home for a browser, an error with a code for all others, and always for the API."""

from __future__ import annotations

import re

import httpx
import pytest
from service_world import Party, Site

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def browser(site: Site) -> httpx.Client:
    return httpx.Client(base_url=site.url, headers=BROWSER, timeout=30)


@pytest.mark.parametrize("address", ["/nothing", "/v11", "/fleet.csv/x", "/artefacts", "/nothing/<script>alert(1)</script>", "/%00", "/a?b=c"])
def test_a_browser_gets_a_page_with_a_way_home(browser: httpx.Client, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("text/html")
    assert '<a href="/">' in answer.text and "No such page" in answer.text and "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"] and answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r'(src|href)="(?!/|data:)', answer.text), "nothing is loaded from elsewhere"
    assert browser.get("/").status_code == 401, "the way home leads to the login"


def test_a_call_that_an_address_does_not_take(browser: httpx.Client) -> None:
    answer = browser.put("/fleet.csv")
    assert answer.status_code == 405 and "Not this way" in answer.text and answer.headers["allow"] == "GET"


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_machines_get_the_code(site: Site, accept: str) -> None:
    for method, address, status, code in (("GET", "/nothing", 404, "not_found"), ("PUT", "/fleet.csv", 405, "bad_method")):
        answer = httpx.request(method, f"{site.url}{address}", headers={"Accept": accept}, timeout=30)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_the_api_answers_as_ever(party: Party) -> None:
    """Also a browser's developer who calls it."""
    for method, path, status, code in (("GET", "/v1/nothing", 404, "not_found"), ("PUT", "/v1/me", 405, "bad_method"), ("GET", "/v1/jobs/" + "0" * 32, 404, "not_found")):
        answer = party.http.request(method, path, headers=BROWSER)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert party.http.put("/v1/me").headers["allow"] == "GET"
