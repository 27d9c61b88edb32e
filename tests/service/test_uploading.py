"""Uploads: they go on where they stopped, are what was declared, and hostile ones are refused before they cost anything."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest
from service_world import GENEROUS, PIECE, Party, Site

from zkapex_jax.protocol.http_signing import content_digest, sign_call
from zkapex_jax.service import uploads
from zkapex_jax.service.settings import Limits
from zkapex_jax.service.tables import Upload, moment

DATA = bytes(range(256)) * 40
LIMITS = GENEROUS.model_copy(update={"bundle": 20_000, "piece": 8_192, "open_uploads": 3, "open_bytes": 50_000, "idle": 1.5, "piece_time": 3.0})


@pytest.fixture(scope="module")
def limits() -> Limits:
    return LIMITS


def declare(party: Party, data: bytes = DATA, **changes: object) -> httpx.Response:
    body = {"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": len(data)} | changes
    return party.http.post("/v1/uploads", json=body)


def patch(party: Party, upload: str, offset: int, data: bytes, **headers: str) -> tuple[int, str]:
    answer = party.http.patch(f"/v1/uploads/{upload}", content=data, headers=PIECE | {"Upload-Offset": str(offset)} | headers)
    return answer.status_code, answer.json()["error"]["code"] if answer.content else ""


def offset(party: Party, upload: str) -> int:
    return int(party.http.head(f"/v1/uploads/{upload}").headers["upload-offset"])


def test_an_upload_goes_on_where_it_stopped(site: Site, party: Party) -> None:
    upload = declare(party).json()["upload"]
    assert patch(party, upload, 0, DATA[:8000]) == (204, "")
    again = declare(party)
    assert (again.status_code, again.json()["upload"], again.json()["offset"]) == (200, upload, 8000)
    assert patch(party, upload, 8000, DATA[8000:]) == (204, "")
    assert declare(party).json()["whole"]
    assert uploads.file_of(site.settings, upload).read_bytes() == DATA


def test_uploads_expire_at_a_date_of_http(party: Party) -> None:
    """As tus says: RFC 9110's preferred form, which `parsedate_to_datetime` reads as UTC."""
    made = declare(party)
    for answer in (made, party.http.head(f"/v1/uploads/{made.json()['upload']}")):
        text = answer.headers["upload-expires"]
        found = parsedate_to_datetime(text)
        assert format_datetime(found, usegmt=True) == text and text.endswith(" GMT")
        assert abs(found.timestamp() - time.time() - LIMITS.upload_lifetime) < 60


def test_bytes_beyond_what_was_counted_are_cut_off(site: Site, party: Party) -> None:
    """A crash between writing and counting."""
    upload = declare(party).json()["upload"]
    patch(party, upload, 0, DATA[:5000])
    with open(uploads.file_of(site.settings, upload), "ab") as file:
        file.write(b"left by a crash")
    assert patch(party, upload, 5000, DATA[5000:10_000]) == (204, "")
    assert uploads.file_of(site.settings, upload).read_bytes() == DATA[:10_000]


@pytest.mark.parametrize("place", [1, 4999, 5001, 10**15])
def test_pieces_follow_each_other(party: Party, place: int) -> None:
    upload = declare(party).json()["upload"]
    patch(party, upload, 0, DATA[:5000])
    assert patch(party, upload, place, b"x")[0] == (409 if place < 10**15 else 400)
    assert offset(party, upload) == 5000


def test_a_wrong_file_begins_anew(party: Party) -> None:
    upload = declare(party, DATA[:100]).json()["upload"]
    assert patch(party, upload, 0, DATA[1:101]) == (422, "wrong_digest")
    assert offset(party, upload) == 0
    assert patch(party, upload, 0, DATA[:100]) == (204, "")


@pytest.mark.parametrize(("size", "status"), [(0, 400), (-1, 400), (20_000, 201), (20_001, 413), (2**63, 413), ("many", 400)])
def test_sizes_are_limited_before_anything_is_kept(party: Party, size: object, status: int) -> None:
    assert declare(party, size=size).status_code == status


def test_nothing_goes_beyond_the_declared_size(party: Party) -> None:
    upload = declare(party, DATA[:100]).json()["upload"]
    assert patch(party, upload, 0, DATA[:101]) == (413, "too_large")
    assert offset(party, upload) == 0


def test_pieces_are_limited(party: Party) -> None:
    upload = declare(party).json()["upload"]
    assert patch(party, upload, 0, DATA[:8193]) == (413, "too_large")
    assert patch(party, upload, 0, DATA[:8192]) == (204, "")


def test_documents_are_limited(party: Party) -> None:
    answer = party.http.post("/v1/uploads", content=b" " * (LIMITS.document + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_quota_holds(party: Party) -> None:
    answers = [declare(party, DATA[:size]).status_code for size in (10, 20, 30, 40)]
    assert answers == [201, 201, 201, 429]
    other = [declare(party, DATA[:size]).status_code for size in (10, 20, 30)]
    assert other == [200, 200, 200]


def test_bytes_together_are_limited(party: Party) -> None:
    answers = [declare(party, digest=str(number) * 64, size=20_000).status_code for number in range(3)]
    assert answers == [201, 201, 429]


def test_compressed_bodies_are_not_opened(party: Party) -> None:
    """What is never unpacked cannot be a bomb."""
    upload = declare(party).json()["upload"]
    assert patch(party, upload, 0, b"\x1f\x8b" + b"\0" * 50, **{"Content-Encoding": "gzip"}) == (415, "bad_encoding")


def test_other_types_are_not_taken(party: Party) -> None:
    upload = declare(party).json()["upload"]
    assert patch(party, upload, 0, b"x", **{"Content-Type": "application/json"}) == (415, "bad_content_type")


def test_an_upload_is_its_owners(site: Site, party: Party) -> None:
    upload, thief = declare(party).json()["upload"], site.join(f"thief-{time.time_ns()}")
    assert patch(thief, upload, 0, DATA[:10]) == (404, "not_found")
    assert thief.http.get(f"/v1/uploads/{upload}").status_code == thief.http.head(f"/v1/uploads/{upload}").status_code == 404
    assert thief.http.post("/v1/bundles", json={"bundle": upload}).status_code == 404
    assert offset(party, upload) == 0
    assert declare(thief).json()["upload"] != upload


def test_a_piece_that_was_changed_on_the_way_is_not_kept(site: Site, party: Party) -> None:
    upload = declare(party).json()["upload"]
    url = f"{site.url}/v1/uploads/{upload}"
    headers = sign_call(party.key, "PATCH", url, PIECE | {"Upload-Offset": "0"}, DATA[:500])
    answer = site.http.patch(url, content=DATA[1:501], headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "wrong_body")
    assert offset(party, upload) == 0


def raw(site: Site, party: Party, upload: str, declared: int, sent: bytes) -> socket.socket:
    """A PATCH by hand: headers for `declared` bytes, of which `sent` go out."""
    url = httpx.URL(f"{site.url}/v1/uploads/{upload}")
    headers = PIECE | {"Upload-Offset": "0", "Content-Length": str(declared), "Content-Digest": content_digest(DATA[:declared])}
    signed = sign_call(party.key, "PATCH", str(url), {name: value for name, value in headers.items() if name != "Content-Digest"}, DATA[:declared])
    lines = [f"PATCH {url.path} HTTP/1.1", f"Host: {url.host}:{url.port}", *(f"{name}: {value}" for name, value in signed.items())]
    connection = socket.create_connection((url.host, url.port), timeout=10)
    connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + sent)
    return connection


def test_a_slow_piece_is_given_up(site: Site, party: Party) -> None:
    upload = declare(party).json()["upload"]
    with raw(site, party, upload, 500, DATA[:10]) as connection:
        begun = time.monotonic()
        assert b" 408 " in connection.recv(4096).split(b"\r\n")[0]
        assert time.monotonic() - begun < 20
    assert patch(party, upload, 0, DATA[:500]) == (204, "")


def test_a_drip_is_given_up_too(site: Site, party: Party) -> None:
    """Every byte comes in time; all of them would take an hour."""
    upload = declare(party).json()["upload"]
    with raw(site, party, upload, 500, b"") as connection:
        connection.setblocking(False)
        begun, answer = time.monotonic(), b""
        while not answer and time.monotonic() - begun < 30:
            time.sleep(0.1)
            try:
                connection.send(b"x")
                answer = connection.recv(4096)
            except BlockingIOError:
                continue
            except ConnectionError:
                break
    assert time.monotonic() - begun < 20
    assert offset(party, upload) == 0


@pytest.mark.parametrize("first", [b"", b"PATCH /v1/uploads/1 HTTP/1.1\r\nHost: 127", b"GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_connections_that_do_nothing_are_closed(site: Site, first: bytes) -> None:
    """Headers that never end, none at all, or nothing after a call."""
    url = httpx.URL(site.url)
    with socket.create_connection((url.host, url.port), timeout=20) as connection:
        connection.sendall(first)
        begun, received = time.monotonic(), b""
        while block := connection.recv(4096):
            received += block
    assert time.monotonic() - begun < 15
    assert bool(received) == first.endswith(b"\r\n\r\n")


def test_a_truncated_piece_is_not_kept(site: Site, party: Party) -> None:
    upload = declare(party).json()["upload"]
    raw(site, party, upload, 500, DATA[:400]).close()
    deadline = time.monotonic() + 30
    while patch(party, upload, 0, DATA[:500]) != (204, ""):  # until the server has seen that the caller is gone
        assert time.monotonic() < deadline
    assert offset(party, upload) == 500


def test_one_call_writes_at_a_time(site: Site, party: Party) -> None:
    upload = declare(party).json()["upload"]
    with raw(site, party, upload, 500, DATA[:10]):
        time.sleep(0.15)
        assert patch(party, upload, 0, DATA[:500]) == (423, "upload_busy")


def test_what_nobody_finished_goes(site: Site, party: Party) -> None:
    upload = declare(party).json()["upload"]
    patch(party, upload, 0, DATA[:500])
    stray = site.settings.uploads / f"{os.urandom(16).hex()}.safetensors"
    stray.write_bytes(b"a crash left this")
    with site.service.store.write() as session:
        session.get_one(Upload, upload).expires = moment() - 1
    assert uploads.sweep(site.service.store, site.settings) == 1
    assert not uploads.file_of(site.settings, upload).exists() and not stray.exists()
    assert declare(party).status_code == 201
