"""Addresses, cells, grids, cookies and words: each part alone, against what it must never do."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from dashboard_scene import vit_like

from zkapex_jax.errors import InputError
from zkapex_jax.ledger.fleet import SORTS, STATUSES, FleetRow
from zkapex_jax.service.dashboard import digest_of, export, new_token, words
from zkapex_jax.service.dashboard.chunkmap import LEVELS, MOST_CELLS, chunk_map, masked_by_chunk
from zkapex_jax.service.dashboard.login import LIFETIME, TRIES, Gate
from zkapex_jax.service.dashboard.router import _inside
from zkapex_jax.service.dashboard.view import ROWS, View

ids = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
views = st.builds(
    View,
    request=st.none() | st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
    status=st.none() | st.sampled_from(STATUSES),
    q=st.text(max_size=64).filter(str.isprintable).map(str.strip),
    sort=st.sampled_from(SORTS),
    down=st.booleans(),
    page=st.integers(1, 1_000_000),
    client=st.none() | ids,
    event=st.none() | st.integers(1, 1 << 53),
)  # fmt: skip


def read(address: str) -> View:
    return View.parse(parse_qsl(urlsplit(address).query, keep_blank_values=True))


@given(views)
def test_a_view_is_what_its_address_says(view: View) -> None:
    assert read(view.link(event=view.event)) == view
    assert View.parse(view.fields()) == view


@given(views)
def test_another_filter_starts_at_the_first_page_and_a_client_keeps_it(view: View) -> None:
    assert read(view.link(status="late")).page == 1
    assert read(view.link(client="alice")).page == view.page
    assert read(view.link(client="alice")).event is None


@given(views, st.sampled_from(SORTS))
def test_sorting_twice_turns_the_order_round(view: View, column: str) -> None:
    once = read(view.sorted_by(column))
    assert once.sort == column and read(once.sorted_by(column)).down is not once.down


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ([("page", "0")], "page"),
        ([("page", "1000001")], "page"),
        ([("page", "one")], "page"),
        ([("sort", "reason")], "sort"),
        ([("status", "Complied")], "status"),
        ([("client", "../etc")], "client"),
        ([("client", "a" * 65)], "client"),
        ([("request", "A B")], "request"),
        ([("q", "x" * 65)], "q"),
        ([("q", "a\0b")], "q"),
        ([("q", "\ud800")], "q"),
        ([("event", "0")], "event"),
        ([("page", "1"), ("page", "2")], "page"),
        ([("order", "1")], "order"),
    ],
)
def test_wrong_addresses_name_their_field(pairs: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(InputError) as caught:
        View.parse(pairs)
    assert caught.value.field == field


def test_the_ledgers_question_is_that_of_the_page() -> None:
    query = View(request="r-1", status="late", q="edge", sort="last_seen", down=True, page=3).query(late_before="2026-01-01T00:00:00Z")
    assert (query.offset, query.limit, query.descending, query.search) == (2 * ROWS, ROWS, True, "edge")


@given(st.text(max_size=40))
def test_no_cell_is_a_formula(text: str) -> None:
    made = export.cell(text)
    assert made in (text, f"'{text}")
    assert not made.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("hostile", ['=HYPERLINK("http://x","y")', "-2+3", "+1", "@SUM(A1)", "\t=1", "  =1", "＝1"])
def test_formulas_of_reasons_are_text(hostile: str) -> None:
    row = FleetRow("edge-1", "2026-01-01T00:00:00Z", "refused", hostile, 0, None, None)
    table = list(csv.reader(io.StringIO(b"".join(export.lines([row])).decode())))
    assert table[0] == ["client_id", "enrolled", "status", "reason", "position", "answered", "last_seen"]
    assert table[1] == ["edge-1", "2026-01-01T00:00:00Z", "refused", f"'{hostile}", "0", "", ""]


def test_the_export_comes_in_pieces() -> None:
    rows = (FleetRow(f"edge-{number:05}", None, "late", "x" * 100, None, None, None) for number in range(5000))
    pieces = list(export.lines(rows))
    assert len(pieces) > 10 and max(map(len, pieces)) < 1 << 16
    assert b"".join(pieces).count(b"\r\n") == 5001


@given(st.integers(1, 60), st.data())
def test_the_grid_counts_every_masked_weight_once(blocks: int, data: st.DataObject) -> None:
    layout = vit_like(blocks)
    mask = np.random.default_rng(data.draw(st.integers(0, 99))).random(layout.weights) < data.draw(st.sampled_from([0.0, 0.001, 0.3, 1.0]))
    counts = masked_by_chunk(mask, layout)
    assert counts.tolist() == [int(mask[slice(*layout.bounds(chunk))].sum()) for chunk in range(len(layout.chunks))]
    grid = chunk_map(counts, layout)
    assert (grid.masked, grid.weights, grid.chunks) == (int(mask.sum()), layout.weights, len(layout.chunks))
    assert [number for cell in grid.cells for number in range(cell.first, cell.last + 1)] == list(range(grid.chunks))
    assert len({(cell.x, cell.y) for cell in grid.cells}) == len(grid.cells)
    assert all(cell.x < grid.columns and cell.y < grid.rows for cell in grid.cells)
    assert all((cell.level == 0) == (cell.masked == 0) and cell.level <= LEVELS for cell in grid.cells)


def test_very_many_chunks_share_cells() -> None:
    layout = vit_like(1800)
    assert len(layout.chunks) > MOST_CELLS
    grid = chunk_map(masked_by_chunk(np.ones(layout.weights, bool), layout), layout)
    assert len(grid.cells) <= MOST_CELLS and grid.touched == len(layout.chunks) and grid.masked == layout.weights


def test_a_mask_of_another_layout_is_refused() -> None:
    with pytest.raises(InputError):
        masked_by_chunk(np.zeros(7, bool), vit_like(1))


def test_a_cookie_opens_until_its_end_and_no_other_does() -> None:
    gate, other = Gate.of(digest_of(new_token())), Gate.of(digest_of(new_token()))
    cookie = gate.cookie(1000.0)
    assert gate.admits(cookie, 1000.0) and gate.admits(cookie, 1000.0 + LIFETIME - 1)
    assert not gate.admits(cookie, 1000.0 + LIFETIME)
    assert not other.admits(cookie, 1000.0)


@given(st.text(max_size=90) | st.just(None))
def test_no_invented_cookie_opens(text: str | None) -> None:
    assert not Gate.of(digest_of("token")).admits(text, 0.0)


def test_a_later_end_needs_a_new_seal() -> None:
    gate = Gate.of(digest_of("token"))
    until, _, seal = gate.cookie(0.0).partition(".")
    assert not gate.admits(f"{int(until) + 1}.{seal}", 0.0)


def test_wrong_tokens_run_out() -> None:
    gate = Gate.of(digest_of("token"))
    for _ in range(TRIES):
        assert not gate.is_tired() and not gate.opens("another")
    assert gate.is_tired()


def test_who_guesses_does_not_shut_the_owner_out() -> None:
    gate = Gate.of(digest_of("token"))
    for _ in range(2 * TRIES):
        gate.opens("another")
    assert gate.opens("token")


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil", "", "/\n/x"])
def test_the_login_leads_nowhere_else(address: str) -> None:
    assert _inside(address) == "/"


def test_the_login_leads_back() -> None:
    assert _inside("/?status=late&client=edge-1") == "/?status=late&client=edge-1"


@pytest.mark.parametrize(
    ("passed", "said"),
    [(timedelta(seconds=5), "just now"), (timedelta(minutes=59), "59 min ago"), (timedelta(hours=47), "47 h ago"), (timedelta(days=3), "3 days ago")],
)
def test_times_in_words(passed: timedelta, said: str) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert words.ago(words.text_of(now - passed), now) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 0, "–"), (0, 9, "0 %"), (9, 9, "100 %"), (9999, 10000, "99.9 %"), (1, 10000, "0.1 %"), (1, 3, "33.3 %")],
)
def test_shares_never_round_to_all_or_nothing(part: int, whole: int, said: str) -> None:
    assert words.percent(part, whole) == said
