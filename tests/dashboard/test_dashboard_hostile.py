"""What another site, or whoever may write into the ledger's texts, can do to the dashboard in the provider's browser: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboard_scene import TOKEN
from fastapi.testclient import TestClient

from zkapex_jax.ledger.fleet import FleetRow
from zkapex_jax.service.dashboard.login import COOKIE, TRIES
from zkapex_jax.service.dashboard.keys import KeyLine
from zkapex_jax.service.dashboard.looking import ClientPart
from zkapex_jax.service.dashboard.pages import Pages
from zkapex_jax.service.dashboard.shelf import Facts, File, Terms
from zkapex_jax.service.dashboard.steps import History, Step
from zkapex_jax.service.dashboard.view import View

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "' autofocus onfocus=alert(1) x='",
    "{{ 7*7 }}{% raw %}", "</style><script>alert(1)</script>", "javascript:alert(1)", "`<b>`", "--><!--", "&lt;script&gt;",
]  # fmt: skip


def shown(text: str) -> str:
    """A client's page on which every text that comes from elsewhere is this one."""
    row = FleetRow(text, "2026-01-31T12:00:00Z", "refused", text, 0, None, None)
    step = Step("enrolled", 1, "2026-01-31T12:00:00Z", None, Enrolled(text), None)
    facts = Facts(
        (File(text, text, None),), forget=text, terms=Terms(text, text, "toy", True, ((0, 451, 768, 1 << 40),)), insecure=True, complaints=(text,),
    )  # fmt: skip
    client = ClientPart(text, row, History(text, (step,), ()), step, facts, (), (KeyLine("revoked", text, "2026-01-30T12:00:00Z", "2026-01-31T12:00:00Z", text),), text)
    return Pages().render(
        "page.html.j2", "dashboard", title=text, view=View(q=text, client=text), rows=[row],
        counts=dict.fromkeys(("complied", "pending", "late", "refused", "not_enrolled"), 1), total=1, total_clients=5, bar=[], asked=4, first=1, last=1,
        pages=1, requests=[], chosen=None, late_after="7 days", head={"sequence": 1, "head": text}, nothing_open=False, client=client,
    ).body.decode()  # fmt: skip


class Enrolled:
    """As much of an enrolment's record as a step shows."""

    def __init__(self, digest: str) -> None:
        self.digest = self.proof_digest = self.base_digest = digest


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_becomes_markup(text: str) -> None:
    """Ids, reasons, names of models, complaints, what is to be forgotten: the page has the tags of a harmless one, and no others."""
    from html.parser import HTMLParser

    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[tuple[str, tuple[str, ...]]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.append((tag, tuple(sorted(name for name, _ in attrs))))
            for name, value in attrs:
                led = name in ("href", "src", "action") and (value or "").lower().startswith("javascript:")
                assert not name.startswith("on") and not led, (tag, name, value)

    pages = [Tags(), Tags()]
    for page, given in zip(pages, (text, "harmless"), strict=True):
        page.feed(shown(given))
    assert pages[0].found == pages[1].found


FOREIGN = [
    ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "http://testserver.evil.example"}, 403),
    ({"Origin": "http://testserver:9999"}, 403),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
    ({"Sec-Fetch-Site": "none"}, 303),
    ({"Origin": "http://testserver"}, 303),
    ({"Origin": "null"}, 303),
    ({}, 303),
]


@pytest.mark.parametrize(("headers", "status"), FOREIGN)
def test_forms_of_other_sites_change_nothing(stranger: TestClient, headers: dict[str, str], status: int) -> None:
    """Nobody is logged in or out from elsewhere. Our own pages send `Origin: null`, for they send no referrer."""
    answers = [stranger.post("/login", data={"token": TOKEN}, headers=headers), stranger.post("/logout", headers=headers)]
    assert [answer.status_code for answer in answers] == [status, status]
    assert all(("set-cookie" in answer.headers) == (status == 303) for answer in answers)


def test_guessing_does_not_lock_the_owner_out(stranger: TestClient) -> None:
    answers = [stranger.post("/login", data={"token": f"guess-{number}"}).status_code for number in range(TRIES + 5)]
    assert answers[0] in (403, 429) and answers[-1] == 429
    assert stranger.post("/login", data={"token": TOKEN}).status_code == 303


def test_the_token_is_nowhere_but_in_the_form(stranger: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    """Not in an address, a page, a header or a log."""
    with caplog.at_level("DEBUG", logger="zkapex"):
        seen = [stranger.get(f"/?token={TOKEN}"), stranger.post("/login", data={"token": TOKEN, "next": "/"})]
    assert seen[0].status_code == 401 and seen[1].status_code == 303
    assert TOKEN not in str(seen[1].headers) + seen[1].text + caplog.text
    assert stranger.get("/").text.find(TOKEN) == -1


@pytest.mark.parametrize("path", ["/", "/login", "/fleet.csv", f"/artefacts/{'0' * 64}", "/?status=none"])
def test_every_page_forbids_frames_foreign_assets_and_keeping(browser: TestClient, stranger: TestClient, path: str) -> None:
    for who in (browser, stranger):
        answer = who.post(path) if path == "/login" else who.get(path)
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "unsafe-inline" not in policy
        assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer" and "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"])
def test_no_other_method_does_anything(browser: TestClient, method: str) -> None:
    assert browser.request(method, "/").status_code == 405
    assert browser.request(method, "/fleet.csv").status_code == 405


@pytest.mark.parametrize("path", ["/artefacts/../provider.key", "/artefacts/..%2Fprovider.key", "/artefacts/%2e%2e%2fledger.sqlite", "/receipts/..%2f..%2fx", "/artefacts/" + "0" * 63 + "%0a"])
def test_no_file_beside_the_artefacts_is_handed_out(browser: TestClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code in (400, 404) and "PRIVATE KEY" not in answer.text


def test_a_cookie_of_another_provider_opens_nothing(stranger: TestClient, tmp_path: Path) -> None:
    import time

    from zkapex_jax.service.dashboard.login import Gate, digest_of

    forged = Gate.of(digest_of("another token")).cookie(time.time())
    assert stranger.get("/", headers={"Cookie": f"{COOKIE}={forged}"}).status_code == 401
