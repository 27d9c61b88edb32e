"""The dashboard over HTTP: who gets in, what a page says, what is streamed and downloaded, and what hostile text becomes."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import time
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from dashboard_scene import RENEWS, STUMBLES, TOKEN, Scene

from zkapex_jax.ledger.detail import client_detail
from zkapex_jax.ledger.fleet import FleetQuery, fleet_page
from zkapex_jax.protocol import Bundle, Request
from zkapex_jax.protocol.receipt import Receipt, check_receipt
from zkapex_jax.service.dashboard import dashboard_router
from zkapex_jax.service.dashboard.login import COOKIE
from zkapex_jax.service.dashboard.steps import History
from zkapex_jax.service.tables import Key

pytestmark = pytest.mark.parametrize("scene", ["sqlite", "postgresql"], indirect=True, scope="module")
ADDRESSES = ["/", "/?status=late", f"/?client={STUMBLES}", "/fleet.csv", f"/artefacts/{'0' * 64}", f"/receipts/{'0' * 64}"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_strangers_see_the_login_alone(stranger: TestClient, address: str) -> None:
    answer = stranger.get(address)
    assert answer.status_code == 401 and 'name="token"' in answer.text
    assert "edge-" not in answer.text.replace(STUMBLES, "")


@pytest.mark.parametrize("cookie", ["", "1.2", f"99999999999.{'0' * 64}", "x" * 5000])
def test_invented_cookies_open_nothing(stranger: TestClient, cookie: str) -> None:
    assert stranger.get("/", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 401


def test_a_wrong_token_is_refused_and_the_right_one_leads_back(stranger: TestClient) -> None:
    assert stranger.post("/login", data={"token": "wrong", "next": "/"}).status_code == 403
    answer = stranger.post("/login", data={"token": TOKEN, "next": "/?status=late"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?status=late")
    flags = answer.headers["set-cookie"]
    assert "HttpOnly" in flags and "SameSite=strict" in flags and TOKEN not in flags
    assert stranger.get("/").status_code == 200
    out = stranger.post("/logout")
    assert out.status_code == 303 and 'Max-Age=0' in out.headers["set-cookie"]
    assert stranger.get("/").status_code == 401


@pytest.mark.parametrize(("size", "status"), [(0, 403), (3000, 403), (100_000, 413)])
def test_no_form_but_a_short_one_is_read(stranger: TestClient, size: int, status: int) -> None:
    assert stranger.post("/login", content=b"token=" + b"x" * size).status_code == status


@pytest.mark.parametrize("body", [b"a=1&" * 9, b"%ff%fe=%00", "token=ü".encode(), b"token=%ed%a0%80", b"=", b"&&"])
def test_hostile_forms_are_no_token(stranger: TestClient, body: bytes) -> None:
    assert stranger.post("/login", content=body).status_code == 403


def test_without_a_token_the_dashboard_is_shut(scene: Scene) -> None:
    app = FastAPI()
    app.include_router(dashboard_router(scene.settings.model_copy(update={"dashboard_token": None}), scene.ledger))
    shut = TestClient(app)
    assert shut.post("/login", data={"token": TOKEN}).status_code == 401
    assert "was started without a token" in shut.get("/").text


def inline(tag: str, page: str) -> str:
    return "".join(re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL))


def test_the_policy_names_the_style_and_the_script_that_the_page_holds(browser: TestClient) -> None:
    answer = browser.get(f"/?client={STUMBLES}")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(inline(tag, answer.text).encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    outside = inline("style", answer.text), inline("script", answer.text)
    body = re.sub(r"<(style|script)>.*?</\1>", "", answer.text, flags=re.DOTALL)
    assert not re.search(r"""(src|href|action)=["'](https?:)?//""", body) and not re.search(r"\son\w+=|\sstyle=", body)
    assert not any(re.search(r"url\(|@import|https?://", text) for text in outside)
    assert answer.headers["cache-control"] == "no-store"


def test_every_client_is_on_one_page_of_the_list(browser: TestClient, scene: Scene) -> None:
    total = fleet_page(scene.ledger, FleetQuery()).total + 1  # and the one that only joined
    seen: list[str] = []
    for page in range(1, 10):
        answer = browser.get("/", params={"request": "forget-2026-11", "page": page}).text
        found = re.findall(r'data-row data-number="\d+">([^<]+)</a>', answer)
        seen += found
        if "Next</a>" not in answer:
            break
    assert len(seen) == len(set(seen)) == total and seen == sorted(seen)


@pytest.mark.parametrize("status", ["complied", "late", "refused", "not_enrolled"])
def test_a_status_shows_those_clients_alone(browser: TestClient, scene: Scene, status: str) -> None:
    page = browser.get("/", params={"request": "forget-2026-10", "status": status}).text
    pills = re.findall(r'class="pill (\w+)"', page)
    assert pills and set(pills) == {status}


def test_refusals_say_why_and_joined_clients_what_is_missing(browser: TestClient) -> None:
    refused = browser.get("/", params={"status": "refused", "request": "forget-2026-10"}).text
    assert re.search(r"chunk \d: (proof refused|commitment)", refused)
    joined = browser.get("/", params={"q": "joined"}).text
    assert re.findall(r'data-row data-number="\d+">([^<]+)<', joined) == ["edge-joined"] and "has not enrolled" in joined


def test_a_search_that_finds_nothing_says_so_and_asks_nothing_of_the_script(browser: TestClient) -> None:
    hostile = '"><script>alert(1)</script>%_\\'
    page = browser.get("/", params={"q": hostile}).text
    assert "No client" in page and "<script>alert" not in page and "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("query", ["page=0", "sort=reason", "status=x", "client=..%2Fx", "request=unheard-of", "page=1&page=2", "else=1", "q=a%00b"])
def test_wrong_addresses_are_told_as_a_page(browser: TestClient, query: str) -> None:
    answer = browser.get(f"/?{query}")
    assert answer.status_code == 400 and "Show the whole fleet" in answer.text


def test_a_page_past_the_end_is_the_last(browser: TestClient) -> None:
    assert 'data-number="0"' in browser.get("/?page=999999").text


def test_a_clients_chain_is_drawn_in_order(browser: TestClient, scene: Scene) -> None:
    history = History.of(client_detail(scene.ledger, STUMBLES))
    page = browser.get("/", params={"client": STUMBLES}).text
    assert [step.kind for step in history.steps][:3] == ["enrolled", "refused", "accepted"]
    assert re.findall(r"data-step[^>]*>([^<]+)</a>", page) == [step.title for step in history.steps]
    assert re.findall(r'<li class="(\w+)', page)[: len(history.steps)] == [step.kind for step in history.steps]


def test_a_renewed_client_shows_both_enrolments(browser: TestClient) -> None:
    page = browser.get("/", params={"client": RENEWS}).text
    assert "Enrolled anew" in page


def test_a_step_shows_mask_certificate_and_files_that_download(browser: TestClient, scene: Scene) -> None:
    history = History.of(client_detail(scene.ledger, STUMBLES))
    step = next(step for step in history.steps if step.kind == "accepted")
    page = browser.get("/", params={"client": STUMBLES, "event": step.sequence}).text
    assert page.count('class="chunks') == 2 and "Certificate" in page and "Cannot be shown" not in page
    digests = re.findall(r'href="/artefacts/([0-9a-f]{64})"', page)
    assert {step.state.digest, step.verdict.bundle_digest, step.enrolment.digest} <= set(digests)
    for digest in digests:
        answer = browser.get(f"/artefacts/{digest}")
        kept = (scene.folder / "artefacts" / f"{digest}.safetensors").read_bytes()
        assert answer.content == kept and "attachment" in answer.headers["content-disposition"]


def test_a_receipt_that_was_downloaded_holds_for_the_files_that_were(browser: TestClient, scene: Scene, tmp_path: Path) -> None:
    """As anyone checks it who has the provider's public key: each refusal and each acceptance has one."""
    key, judged = scene.ledger.keys()[0], [step for step in History.of(client_detail(scene.ledger, STUMBLES)).steps if step.verdict]
    assert {step.kind for step in judged} == {"accepted", "refused"}
    for step in judged:
        page = browser.get("/", params={"client": STUMBLES, "event": step.sequence}).text
        (digest,) = re.findall(r'href="/receipts/([0-9a-f]{64})"', page)
        given = {}
        for name, kind, named in (("bundle", Bundle, step.verdict.bundle_digest), ("request", Request, step.verdict.request_digest)):
            path = tmp_path / f"{step.sequence}-{name}"
            path.write_bytes(browser.get(f"/artefacts/{named}").content)
            given[name] = kind.from_file(path)
        receipt = Receipt.from_bytes(browser.get(f"/receipts/{digest}").content)
        check_receipt(receipt, key, **given)
        assert receipt.verdict.accepted == (step.kind == "accepted")


def test_a_refused_bundle_that_had_its_time_is_told_from_one_that_was_lost(browser: TestClient, scene: Scene) -> None:
    step = next(step for step in History.of(client_detail(scene.ledger, STUMBLES)).steps if step.kind == "refused")
    digest = step.verdict.bundle_digest
    path, note = (scene.folder / "artefacts" / f"{digest}.safetensors"), scene.folder / "dropped" / digest[:2] / f"{digest}.json"
    kept, address = path.read_bytes(), {"client": STUMBLES, "event": step.sequence}
    path.unlink()
    try:
        assert "kept no longer" not in browser.get("/", params=address).text
        note.parent.mkdir(parents=True)
        note.write_text("{}")
        shown = browser.get("/", params=address)
        assert shown.status_code == 200 and "kept no longer: it had its time as evidence" in shown.text
    finally:
        path.write_bytes(kept)
        note.unlink(missing_ok=True)


def test_every_step_of_every_played_client_has_its_page(browser: TestClient, scene: Scene) -> None:
    for name in (STUMBLES, RENEWS):
        for step in History.of(client_detail(scene.ledger, name)).steps:
            page = browser.get("/", params={"client": name, "event": step.sequence}).text
            assert 'aria-current="step"' in page and "Cannot be shown" not in page, step


def test_a_client_without_files_says_which_are_gone(browser: TestClient) -> None:
    page = browser.get("/", params={"client": "edge-00001"}).text
    assert "not in the folder" in page and "Cannot be shown: " in page


@pytest.mark.parametrize("name", ["edge-joined", "nobody"])
def test_clients_without_enrolment(browser: TestClient, name: str) -> None:
    page = browser.get("/", params={"client": name}).text
    assert ("never enrolled" if name == "edge-joined" else "knows no such client") in page


def test_a_client_shows_the_keys_that_it_ever_had(browser: TestClient, scene: Scene) -> None:
    """Newest first, with the provider's own words; of a client that never enrolled, too."""
    page = browser.get("/", params={"client": "edge-joined"}).text
    assert "Keys that sign its calls" in page and "Serves" in page and "ab" * 32 in page and "zkapex revoke" in page
    with scene.store.write() as session:
        session.add(Key(public="cd" * 32, client_id=STUMBLES, invitation="", since=1, ended=2, why="rotated", words=""))
        session.add(Key(public="ef" * 32, client_id=STUMBLES, invitation="", since=2, ended=3, why="revoked", words="<b>lost</b> on a train"))
    page = browser.get("/", params={"client": STUMBLES}).text
    assert page.index("ef" * 32) < page.index("cd" * 32) and "&lt;b&gt;lost&lt;/b&gt; on a train" in page
    assert "Replaced" in page and "Revoked" in page and "zkapex invite" in page
    assert "Keys that sign" not in browser.get("/", params={"client": "edge-00001"}).text


@pytest.mark.parametrize("digest", ["0" * 64, "A" * 64, "..%2Fledger", "0" * 63])
def test_only_named_files_leave_the_folder(browser: TestClient, digest: str) -> None:
    assert browser.get(f"/artefacts/{digest}").status_code in (400, 404)
    assert browser.get(f"/receipts/{digest}").status_code in (400, 404)


def test_the_export_holds_what_the_view_holds(browser: TestClient, scene: Scene) -> None:
    answer = browser.get("/fleet.csv", params={"request": "forget-2026-10", "status": "late", "sort": "status", "page": 1})
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["status"] for row in table} == {"late"} and all(row["reason"] for row in table)
    late = browser.get("/", params={"request": "forget-2026-10", "status": "late"}).text
    assert re.findall(r'data-row data-number="\d+">([^<]+)</a>', late) == [row["client_id"] for row in table][:50]
    assert answer.headers["content-disposition"] == 'attachment; filename="fleet-forget-2026-10-late.csv"'


def test_a_page_is_quick(browser: TestClient) -> None:
    browser.get("/")
    started = time.process_time()
    browser.get("/")
    assert time.process_time() - started < 0.5
