"""Calls and uploads over a network that fails: what arrived stays, every attempt is signed anew, answers are bounded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from client_server import HASTE, UPLOAD, Weather, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.client.retrying import Patience
from zkapex_jax.client.service import Service, check_url
from zkapex_jax.client.uploads import upload
from zkapex_jax.errors import InputError, InternalError, RefusedError, StorageError, ZkapexError
from zkapex_jax.protocol import SigningKey

ME = {
    "client_id": "alice", "public": "1" * 64, "provider_keys": ["2" * 64], "enrolment": None, "position": None, "state": None,
    "open_requests": [], "joined": "2026-01-01T00:00:00Z", "of_a_later_version": 1,
}  # fmt: skip


def test_calls_are_signed_and_parsed(service: Service, weather: Weather) -> None:
    weather.answers["GET", "/me"] = lambda: (200, ME)
    assert service.me().client_id == "alice"
    assert not weather.refused and len(weather.nonces) == 1


@pytest.mark.parametrize("fault", ["cut", "429", "502", "503", "504"])
def test_calls_are_tried_again_with_a_fresh_signature(service: Service, weather: Weather, fault: str) -> None:
    weather.answers["GET", "/me"] = lambda: (200, ME)
    weather.faults = [fault, fault]
    assert service.me().client_id == "alice"
    assert len(weather.calls) == 3 and len(weather.nonces) == 3


def test_patience_ends(service: Service, weather: Weather) -> None:
    weather.faults = ["cut"] * 50
    with pytest.raises(StorageError, match="no connection") as caught:
        service.me()
    assert caught.value.code == "no_connection" and len(weather.calls) == HASTE.attempts


def test_a_service_that_is_not_there(key: SigningKey) -> None:
    with Service("http://127.0.0.1:9", key, patience=HASTE) as nobody, pytest.raises(StorageError, match="no connection"):
        nobody.me()


def test_waits_grow_and_heed_the_service() -> None:
    waits: list[float] = []
    patience = Patience(sleep=waits.append)
    for attempt in range(12):
        patience.wait(attempt)
    assert all(0.5 * min(20, 0.5 * 2**i) <= wait <= min(20, 0.5 * 2**i) for i, wait in enumerate(waits))
    patience.wait(0, asked=7)
    patience.wait(0, asked=9999)
    assert waits[-2:] == [7, 60]


@settings(max_examples=15)
@given(
    size=st.integers(1, 4000),
    piece=st.integers(200, 2000),
    faults=st.lists(st.sampled_from([None, "cut", "lose answer", "503"]), max_size=8),
    there=st.integers(0, 4000),
)
def test_a_file_arrives_whole_in_any_weather(tmp_path_factory, key, size: int, piece: int, faults: list[str | None], there: int) -> None:  # noqa: ANN001
    path: Path = tmp_path_factory.mktemp("file") / "bundle"
    path.write_bytes(os.urandom(size))
    weather = Weather(faults=[fault for fault in faults], piece=piece, received=bytearray(path.read_bytes()[: min(there, size)]))
    told = []
    with serving(weather) as url, Service(url, key, patience=Patience(attempts=12, sleep=lambda seconds: None)) as service:
        assert upload(service, "bundle", path, on_progress=told.append) == UPLOAD
    assert bytes(weather.received) == path.read_bytes() and not weather.refused
    assert told[-1].done == told[-1].total == -(-size // 1000)


def test_an_upload_goes_on_in_another_process(service: Service, weather: Weather, tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(bytes(range(256)) * 20)
    weather.faults = [None, None, None] + ["cut"] * 40
    with pytest.raises(StorageError, match="no connection"):
        upload(service, "bundle", path)
    weather.faults, weather.calls = [], []
    assert 0 < len(weather.received) < path.stat().st_size
    sent, left = len(weather.received), path.stat().st_size - len(weather.received)
    upload(service, "bundle", path)
    assert bytes(weather.received) == path.read_bytes()
    assert sum(call[0] == "PATCH" for call in weather.calls) == -(-left // weather.piece) and sent


def test_a_service_that_takes_nothing_is_given_up(service: Service, weather: Weather, tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(bytes(5000))
    weather.answers["PATCH", f"/uploads/{UPLOAD}"] = lambda: (500, {"error": {"code": "internal", "message": "no", "exit_code": 5}})
    with pytest.raises(InternalError, match="no"):
        upload(service, "bundle", path)


@pytest.mark.parametrize("wrong", [{"size": 4}, {"offset": 6000}, {"piece": 0}, {"upload": "../x"}, {"whole": "yes", "piece": []}])
def test_a_service_that_contradicts_itself(service: Service, weather: Weather, tmp_path: Path, wrong: dict) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(bytes(5000))
    right = {"upload": UPLOAD, "size": 5000, "offset": 0, "whole": False, "piece": 100, "expires": ""}
    weather.answers["POST", "/uploads"] = lambda: (201, right | wrong)
    with pytest.raises(InputError) as caught:
        upload(service, "bundle", path)
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (403, {"error": {"code": "stale_state", "message": "does not start", "exit_code": 3}}, RefusedError, "stale_state"),
        (400, {"error": {"code": "bad_digest", "message": "m", "exit_code": 2, "hint": "h"}}, InputError, "bad_digest"),
        (500, {"error": {"code": "bug", "message": "m", "exit_code": 5}}, InternalError, "bug"),
        (500, {"error": {"code": "of_a_later_version", "message": "m", "exit_code": 3}}, RefusedError, "service_failed"),
        (500, {"error": {"code": ["x"], "message": 3, "exit_code": "x"}}, InternalError, "service_failed"),
        (500, b"<html>", InternalError, "service_failed"),
        (404, b"<html>", InputError, "bad_answer"),
        (400, b'{"error":' + b"[" * 100000, InputError, "bad_answer"),
        (200, b"<html>", InputError, "bad_answer"),
        (200, {"client_id": "a\nb"}, InputError, "bad_answer"),
        (200, b" " * (5 << 20), InputError, "bad_answer"),
    ],
)
def test_what_a_service_says_wrong(service: Service, weather: Weather, status: int, body: object, kind: type[ZkapexError], code: str) -> None:
    weather.answers["GET", "/me"] = lambda: (status, body)
    with pytest.raises(kind) as caught:
        service.me()
    assert caught.value.code == code and str(caught.value).isprintable()


def test_words_of_a_service_are_cut(service: Service) -> None:
    with pytest.raises(InputError) as caught:
        service.job("1" * 32)
    assert len(str(caught.value)) < 700 and "\n" not in str(caught.value) and caught.value.code == "service_failed"


@pytest.mark.parametrize("text", ["https://a.example", "https://a.example:8443/zkapex/", "http://127.0.0.1:8740", "http://localhost", "http://[::1]:9"])
def test_urls_that_serve(text: str) -> None:
    assert check_url(text) == text.rstrip("/")


@pytest.mark.parametrize("text", ["", "a.example", "ftp://a", "http://a.example", "http://192.168.0.1", "https://u:p@a", "https://a/?q", "https://", "https://a b", "x" * 99999])
def test_urls_that_do_not(text: str) -> None:
    with pytest.raises(InputError) as caught:
        check_url(text)
    assert caught.value.code == "bad_url"
