"""Downloads over a network that fails: they go on where they stopped, in a later process too, and never mix two files."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from client_server import HASTE, Weather, serving
from hypothesis import given, settings
from hypothesis import strategies as st

from zkapex_jax.client.downloads import Part, part_of
from zkapex_jax.client.retrying import Patience
from zkapex_jax.client.service import Service
from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.protocol import SigningKey

TAG = f'"{"1" * 64}"'


@pytest.fixture
def part(tmp_path: Path) -> Iterator[Part]:
    with part_of(tmp_path / "incoming", "/requests/r-1/file") as held:
        yield held


def test_files_are_bounded(service: Service, weather: Weather, part: Part) -> None:
    weather.files["/state"] = (bytes(5000), TAG)
    assert service.fetch("/state", part, max_bytes=5000).stat().st_size == 5000
    with pytest.raises(InputError, match="longer than 4999"):
        service.fetch("/state", part, max_bytes=4999)
    assert part.size == 0
    weather.arrive = [4000, *[0] * 99]
    with pytest.raises(StorageError):
        service.fetch("/state", part, max_bytes=5000)
    weather.arrive = []
    with pytest.raises(InputError, match="longer than 4500"):
        service.fetch("/state", part, max_bytes=4500)


def test_a_broken_download_asks_for_the_rest(service: Service, weather: Weather, part: Part) -> None:
    data = os.urandom(300_000)
    weather.files["/base"], weather.arrive = (data, TAG), [100_000, 0, 100_001, None]
    assert service.fetch("/base", part).read_bytes() == data
    assert weather.ranges[0] is None and weather.ranges[-1] == "bytes=199998-" and not weather.refused
    assert part.path.stat().st_mode & 0o077 == 0


def test_a_later_process_goes_on(weather: Weather, key: SigningKey, tmp_path: Path) -> None:
    data = os.urandom(200_000)
    with serving(weather) as url:
        weather.files["/base"], weather.arrive = (data, TAG), [150_000, *[0] * 50]
        with Service(url, key, patience=HASTE) as first, part_of(tmp_path, "/base") as part, pytest.raises(StorageError, match="no connection"):
            first.fetch("/base", part)
        weather.arrive, weather.ranges = [], []
        with Service(url, key, patience=HASTE) as second, part_of(tmp_path, "/base") as part:
            assert 0 < part.size <= 150_000
            assert second.fetch("/base", part).read_bytes() == data
    assert weather.ranges[0] is not None


def test_patience_lasts_as_long_as_bytes_come(weather: Weather, key: SigningKey, part: Part) -> None:
    """Far more breaks than attempts at one call."""
    data = os.urandom(40_000)
    weather.files["/base"], weather.arrive = (data, TAG), [1000] * 60
    with serving(weather) as url, Service(url, key, patience=Patience(attempts=2, sleep=lambda seconds: None)) as service:
        assert service.fetch("/base", part).read_bytes() == data
    assert len(weather.ranges) > 20


@pytest.mark.parametrize(("tag", "then"), [(TAG, '"another"'), ("", ""), ('W/"weak"', 'W/"weak"'), (TAG, "")])
def test_what_may_be_another_file_begins_anew(service: Service, weather: Weather, part: Part, tag: str, then: str) -> None:
    old, new = bytes(50_000), os.urandom(50_000)
    weather.files["/state"], weather.arrive = (old, tag), [30_000, *[0] * 20]
    with pytest.raises(StorageError):
        service.fetch("/state", part)
    weather.files["/state"], weather.arrive = (new, then), []
    assert service.fetch("/state", part).read_bytes() == new


def test_a_file_that_is_shorter_now(service: Service, weather: Weather, part: Part) -> None:
    """The same tag, fewer bytes: a service that is not careful. The range is refused, and the file comes whole."""
    weather.files["/state"], weather.arrive = (bytes(50_000), TAG), [30_000, *[0] * 20]
    with pytest.raises(StorageError):
        service.fetch("/state", part)
    weather.files["/state"], weather.arrive = (b"short", TAG), []
    assert service.fetch("/state", part).read_bytes() == b"short"


@pytest.mark.parametrize("headers", [{}, {"content-range": "bytes 5-9/10"}, {"content-range": "bytes 3-9/10"}, {"content-range": "items 4-9/10", "etag": TAG}])
def test_another_part_than_was_asked_for_is_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    import httpx

    part = Part(tmp_path / "x.part")
    part.path.write_bytes(b"12345")
    (tmp_path / "x.tag").write_text(TAG)
    assert part.headers() == {"range": "bytes=4-", "if-range": TAG}
    with pytest.raises(InputError, match="another part"):
        part.take(httpx.Response(206, headers=headers, content=b"567890"), 100)
    assert part.size == 0 and part.tag is None


@pytest.mark.parametrize("tag", [b"", b"\xff\xfe", b'"a"\n', b'W/"a"', b'"' + b"x" * 300 + b'"', b'"a"b"'])
def test_a_damaged_tag_is_none(tmp_path: Path, tag: bytes) -> None:
    part = Part(tmp_path / "x.part")
    part.path.write_bytes(b"12345")
    (tmp_path / "x.tag").write_bytes(tag)
    assert part.tag is None and part.headers() == {}


def test_one_command_at_a_time(tmp_path: Path) -> None:
    with part_of(tmp_path, "/base"), pytest.raises(StorageError, match="another command is fetching"), part_of(tmp_path, "/base"):
        raise AssertionError("held twice")
    with part_of(tmp_path, "/base"), part_of(tmp_path, "/state"):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["base.lock", "state.lock"]


@settings(max_examples=15)
@given(data=st.binary(min_size=1, max_size=5000), arrive=st.lists(st.integers(0, 3000), max_size=12), changes=st.integers(0, 12))
def test_what_arrives_is_one_file_in_any_weather(tmp_path_factory, key, data: bytes, arrive: list[int], changes: int) -> None:  # noqa: ANN001
    """The file may be replaced while it is fetched: what is there in the end is the old one or the new one, whole."""
    weather, folder = Weather(arrive=list(arrive)), tmp_path_factory.mktemp("incoming")
    weather.files["/base"] = (data, TAG)
    new = data[::-1] + b"!"
    with serving(weather) as url:
        for attempt in range(50):
            if attempt == changes:
                weather.files["/base"] = (new, '"2"')
            with Service(url, key, patience=Patience(attempts=1, sleep=lambda seconds: None)) as service, part_of(folder, "/base") as part:
                try:
                    found = service.fetch("/base", part).read_bytes()
                except StorageError:
                    continue
            assert found in (data, new)
            return
    raise AssertionError("it never arrives")


def test_a_file_that_is_here_already_costs_a_byte(service: Service, weather: Weather, part: Part, tmp_path: Path) -> None:
    """As when a client joins again: a base may take an hour on a slow link."""
    kept, data = tmp_path / "kept", os.urandom(50_000)
    kept.write_bytes(data)
    weather.files["/base"] = (data, TAG)
    part.begin_from(kept, "1" * 64)
    assert service.fetch("/base", part).read_bytes() == data and weather.ranges == ["bytes=49999-"]
    part.drop()
    weather.files["/base"] = (data[::-1], '"another"')
    part.begin_from(kept, "1" * 64)
    assert service.fetch("/base", part).read_bytes() == data[::-1] and kept.read_bytes() == data
    assert part.path.stat().st_mode & 0o077 == 0


def test_what_has_come_is_not_replaced(tmp_path: Path) -> None:
    part, kept = Part(tmp_path / "x.part"), tmp_path / "kept"
    kept.write_bytes(b"old and long")
    part.path.write_bytes(b"new")
    part.begin_from(kept, "1" * 64)
    assert part.path.read_bytes() == b"new"


def test_a_full_disk_keeps_what_came(monkeypatch: pytest.MonkeyPatch, service: Service, weather: Weather, part: Part) -> None:
    data = os.urandom(200_000)
    weather.files["/base"] = (data, TAG)
    monkeypatch.setattr("zkapex_jax.client.downloads.os.fsync", _full)
    with pytest.raises(StorageError, match="goes on from what has come") as caught:
        service.fetch("/base", part)
    assert caught.value.code == "disk_full" and part.size > 0
    monkeypatch.undo()
    assert service.fetch("/base", part).read_bytes() == data and weather.ranges[-1] is not None


_sync = os.fsync


def _full(handle: int) -> None:
    if os.readlink(f"/proc/self/fd/{handle}").endswith("-file.part"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    _sync(handle)
