"""The page in a real browser: with keys alone, on a phone, in the dark, without its script, and by the rules of WCAG."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from dashboard_scene import STUMBLES, TOKEN

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("no chromium on the PATH", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra [test]")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extra [test]")

expect = playwright.expect
WIDE, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Any]:
    """Open an address in a fresh, logged-in browser; whatever the page loads from elsewhere, or complains of, fails the test."""
    opened, wrong = [], []

    def go(path: str = "/", *, login: bool = True, viewport: dict[str, int] = WIDE, **options: Any) -> Any:
        context = chromium.new_context(viewport=viewport, **options)
        opened.append(context)
        if login:
            context.request.post(f"{address}/login", form={"token": TOKEN, "next": "/"})
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith((address, "data:")) else wrong.append(request.url))
        page.goto(address + path)
        return page

    yield go
    for context in opened:
        context.close()
    assert not [text for text in wrong if "401" not in text and "403" not in text]


def names(page: Any) -> list[str]:
    return page.locator("[data-row]").all_inner_texts()


def test_a_link_with_the_token_logs_in_and_forgets_it(visit: Any) -> None:
    page = visit(f"/#token={TOKEN}", login=False)
    page.wait_for_selector("#fleet")
    assert TOKEN not in page.url and TOKEN not in page.evaluate("document.cookie")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_selector("#token")


def test_it_logs_in_where_the_page_is_open_already(visit: Any) -> None:
    page = visit(login=False)
    page.wait_for_selector("#token")
    page.evaluate(f"location.hash = 'token={TOKEN}'")
    page.wait_for_selector("#fleet")
    assert TOKEN not in page.url


def test_a_wrong_token_says_so(visit: Any) -> None:
    page = visit(login=False)
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    assert "not the token" in page.get_by_role("alert").inner_text()


def test_filter_sort_search_and_page_without_a_reload(visit: Any) -> None:
    page = visit("/?request=forget-2026-10")
    page.evaluate("window.same = true")
    page.locator("[data-key='3']").click()
    page.wait_for_url("**status=late**")
    assert set(page.locator(".list .pill").all_inner_texts()) == {"Late"}
    page.locator("th.last_seen a").click()
    page.wait_for_selector("th.last_seen[aria-sort=descending]")
    page.get_by_label("Search").fill("0004")
    page.wait_for_url("**q=0004**")
    expect(page.get_by_label("Search")).to_be_focused()
    assert all("0004" in name for name in names(page))
    page.get_by_label("Request").select_option("")
    page.wait_for_url(lambda url: "request=" not in url)
    page.go_back()
    page.wait_for_url("**request=forget-2026-10**")
    assert page.evaluate("window.same") is True


def test_typing_keeps_its_place(visit: Any) -> None:
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("edge-0004", delay=60)
    page.wait_for_url("**q=edge-0004**")
    assert page.evaluate("[document.activeElement.id, document.activeElement.value]") == ["q", "edge-0004"]


def test_the_whole_way_by_keyboard(visit: Any) -> None:
    page = visit("/?request=forget-2026-11")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.evaluate("document.activeElement.textContent")
    assert second == names(page)[1]
    page.keyboard.press("Enter")
    page.wait_for_selector("#client")
    assert page.locator("#client-title").inner_text() == second
    assert page.evaluate("document.activeElement.id") == "client"
    page.keyboard.press("Escape")
    page.wait_for_selector("#client", state="detached")
    assert page.evaluate("document.activeElement.textContent") == second
    page.keyboard.press("n")
    page.wait_for_url("**page=2**")
    page.keyboard.press("p")
    page.wait_for_url(lambda url: "page=" not in url)
    page.keyboard.press("1")
    page.wait_for_url("**status=complied**")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_the_first_tab_skips_to_the_clients(visit: Any) -> None:
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#clients'")
    page.keyboard.press("Tab")
    page.wait_for_function("document.activeElement.closest('.list') !== null")


def test_a_step_of_the_chain_opens_with_its_mask_and_its_files(visit: Any, tmp_path: Any) -> None:
    page = visit(f"/?client={STUMBLES}")
    step = page.locator("li.accepted [data-step]").first
    step.click()
    page.wait_for_selector("li.accepted.chosen")
    assert page.locator("svg.chunks").count() == 2
    title = page.locator("svg.chunks rect title").first.text_content()
    assert "weights masked" in title
    with page.expect_download() as caught:
        page.locator(".files a").first.click()
    saved = tmp_path / "file"
    caught.value.save_as(saved)
    assert saved.stat().st_size > 0


def test_the_export_downloads(visit: Any) -> None:
    page = visit("/?status=late&request=forget-2026-10")
    with page.expect_download() as caught:
        page.get_by_role("link", name="Export CSV").click()
    assert caught.value.suggested_filename == "fleet-forget-2026-10-late.csv"


def test_without_its_script_the_page_works_by_links_and_forms(visit: Any) -> None:
    page = visit("/?request=forget-2026-10", java_script_enabled=False)
    page.locator("a.late").click()
    page.get_by_label("Search").fill("edge-0")
    page.get_by_role("button", name="Show").click()
    assert "status=late" in page.url and "q=edge-0" in page.url
    page.locator("[data-row]").first.click()
    assert page.locator("#client").is_visible()
    page.locator("[data-close]").click()
    assert page.locator("#client").count() == 0


@pytest.mark.parametrize("path", ["/", f"/?client={STUMBLES}", "/?status=refused&request=forget-2026-10"])
def test_nothing_is_wider_than_a_phone(visit: Any, path: str) -> None:
    page = visit(path, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    sizes = page.locator("#fleet:visible td, #fleet:visible th a, #client p").evaluate_all("all => all.map(e => parseFloat(getComputedStyle(e).fontSize))")
    assert min(sizes) >= 12


def test_the_longest_id_leaves_its_status_in_sight(visit: Any) -> None:
    page = visit()
    page.locator("[data-row]").first.evaluate("(link) => { link.textContent = 'W'.repeat(64) }")
    row, pill = page.locator("#clients").bounding_box(), page.locator("#clients .pill").first.bounding_box()
    assert pill["x"] + pill["width"] < row["x"] + row["width"]


def test_on_a_phone_a_client_takes_the_screen_and_gives_it_back(visit: Any) -> None:
    page = visit("/", viewport=PHONE)
    page.locator("[data-row]").first.click()
    page.wait_for_selector("#client")
    assert not page.locator("#fleet").is_visible()
    page.locator("[data-close]").click()
    page.wait_for_selector("#fleet")


FLEET, CLIENT = "/?request=forget-2026-10&down=1&sort=status", f"/?client={STUMBLES}"
QUICK = [(FLEET, WIDE, "light"), (CLIENT, PHONE, "dark"), ("login", PHONE, "light")]
ALL = [(path, viewport, scheme) for path in (FLEET, CLIENT, "/?q=nothing", "login") for viewport in (WIDE, PHONE) for scheme in ("light", "dark")]
CASES = [pytest.param(*case, marks=() if case in QUICK else pytest.mark.slow) for case in ALL]


@pytest.mark.parametrize(("path", "viewport", "scheme"), CASES)
def test_wcag(visit: Any, path: str, viewport: dict[str, int], scheme: str) -> None:
    """No violation of WCAG 2.2, levels A and AA, that axe can find: contrast, names, order, targets."""
    login = path != "login"
    page = visit(path if login else "/", login=login, viewport=viewport, color_scheme=scheme, bypass_csp=True)
    page.locator("details").evaluate_all("all => all.forEach(e => { e.open = true; })")
    found = axe.Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
