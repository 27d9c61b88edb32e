"""Slow links, proxies with small limits, outages and wrong clocks: pieces that fit, and words that help."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
from client_server import UPLOAD, Weather, serving
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.client.clocks import clock_words
from zkapex_jax.client.pacing import FIRST, SMALLEST, WANTED, Pace
from zkapex_jax.client.retrying import Patience
from zkapex_jax.client.service import Service
from zkapex_jax.client.uploads import upload
from zkapex_jax.errors import InputError, RefusedError
from zkapex_jax.protocol import SigningKey

MIB = 1 << 20


@given(most=st.integers(1, 1 << 30), steps=st.lists(st.one_of(st.floats(0, 1000), st.just("lost"), st.just("refused")), max_size=60))
def test_pieces_stay_within_bounds(most: int, steps: list) -> None:
    pace = Pace(most)
    for step in steps:
        before = pace.size
        if step == "lost":
            pace.lost()
        elif step == "refused":
            assert pace.refused(pace.size) == (before > SMALLEST)
        else:
            pace.through(pace.size, step)
        assert 1 <= pace.size <= pace.most <= most and pace.size <= 2 * before


@pytest.mark.parametrize("rate", [4_000, 16_000, 125_000, 12_500_000])
def test_a_piece_takes_seconds_on_any_link(rate: int) -> None:
    """`rate` in bytes a second. A lost piece is one that the service gave up after two minutes."""
    pace, seconds = Pace(4 * MIB), []
    for _ in range(20):
        took = pace.size / rate
        if took > 120:
            pace.lost()
            continue
        pace.through(pace.size, took)
        seconds.append(took)
    assert seconds[-1] <= WANTED + 0.1 and (pace.size == 4 * MIB or seconds[-1] > WANTED / 2)


def test_pieces_grow_where_they_are_soon_through(service: Service, weather: Weather, tmp_path: Path) -> None:
    path, weather.piece = tmp_path / "bundle", MIB
    path.write_bytes(os.urandom(4 * MIB))
    told = []
    upload(service, "bundle", path, on_progress=told.append)
    steps = [after.done - before.done for before, after in zip(told, told[1:], strict=False)]
    assert bytes(weather.received) == path.read_bytes()
    assert steps[0] == -(-FIRST // 1000) and max(steps) > 2 * steps[0]


def test_a_proxy_that_takes_small_bodies_alone(service: Service, weather: Weather, tmp_path: Path) -> None:
    """It answers in words of its own. Once it did, no piece is as large again."""
    path, weather.piece, weather.most = tmp_path / "bundle", MIB, 100_000
    path.write_bytes(os.urandom(600_000))
    upload(service, "bundle", path)
    assert bytes(weather.received) == path.read_bytes()
    assert sum(call[0] == "PATCH" for call in weather.calls) <= 2 + 600_000 // (FIRST // 4) + 1


def test_a_proxy_that_takes_nothing(service: Service, weather: Weather, tmp_path: Path) -> None:
    path, weather.piece, weather.most = tmp_path / "bundle", MIB, 1000
    path.write_bytes(bytes(600_000))
    with pytest.raises(InputError, match="takes no body of this size") as caught:
        upload(service, "bundle", path)
    assert caught.value.code == "too_large" and "16 kB" in str(caught.value)


def test_outages_are_told_once_and_their_end(weather: Weather, key: SigningKey, tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "bundle"
    path.write_bytes(bytes(5000))
    weather.faults = [None, "cut", "cut", "cut", "cut", None, "503"]
    with serving(weather) as url, Service(url, key, patience=Patience(sleep=lambda seconds: None, say=said.append)) as service:
        upload(service, "bundle", path)
    assert [words.split(" (")[0] for words in said] == ["no answer from the service", "the service answers again"] * (len(said) // 2)
    assert 1 <= len(said) // 2 <= 2 and all(len(words) < 200 for words in said)


def test_an_outage_of_a_minute_is_waited_for() -> None:
    """Even where every refusal comes at once, as from a host whose service restarts."""
    waits: list[float] = []
    patience = Patience(sleep=waits.append)
    for attempt in range(patience.attempts - 1):
        patience.wait(attempt)
    assert sum(waits) > 60


@pytest.mark.parametrize(
    ("apart", "said"),
    [(600, "10 min ahead of"), (-600, "10 min behind"), (-90061, "1 d 1 h behind"), (45, "45 s ahead of"), (0, ""), (1, "")],
)
def test_a_wrong_clock_is_told_by_how_much(apart: int, said: str) -> None:
    now = 1_800_000_000.0
    words = clock_words(format_datetime(datetime.fromtimestamp(now - apart, UTC), usegmt=True), now)
    assert said in words and bool(words) == bool(said)


@given(st.text())
def test_dates_that_are_none_say_nothing(text: str) -> None:
    clock_words(text)
    assert clock_words(None) == ""


def test_a_stale_call_says_whose_clock(service: Service, weather: Weather) -> None:
    weather.date = "Tue, 01 Jan 2030 00:00:00 GMT"
    weather.answers["GET", "/me"] = lambda: (401, {"error": {"code": "stale_call", "message": "too old", "exit_code": 3, "hint": "set this machine's clock"}})
    with pytest.raises(RefusedError, match=r"too old: this machine's clock is .* (ahead of|behind) the service's; set this") as caught:
        service.me()
    assert caught.value.code == "stale_call"


def test_a_redirection_is_told(service: Service, weather: Weather) -> None:
    weather.answers["GET", "/me"] = lambda: (301, b"<html>")
    weather.location = "https://elsewhere.example/v1/me"
    with pytest.raises(InputError, match="elsewhere.example") as caught:
        service.me()
    assert caught.value.code == "bad_answer"


def test_the_upload_is_the_same(weather: Weather, service: Service, tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    weather.piece = 1
    assert upload(service, "bundle", path) == UPLOAD
