"""Attacks over the wire by strangers and by clients with a key: each ends in its error, and costs what it should."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
from service_world import GENEROUS, PIECE, Party, Site, listening

from zkapex_jax.cli.provider.serve import _say
from zkapex_jax.protocol import generate_key
from zkapex_jax.protocol.http_signing import sign_call
from zkapex_jax.service import clients
from zkapex_jax.service.clients import calls
from zkapex_jax.service.app import app_of
from zkapex_jax.service.context import Service
from zkapex_jax.service.guard import Guard
from zkapex_jax.service.settings import Limits, Settings
from zkapex_jax.service.tables import Client, Nonce

LIMITS = GENEROUS.model_copy(update={"connections": 24, "idle": 0.5, "piece": 8192, "bundle": 20_000, "document": 4096})
ID = "0" * 32


@pytest.fixture(scope="module")
def limits() -> Limits:
    return LIMITS


def raw(site: Site, data: bytes, wait: float = 5) -> bytes:
    """What the server answers to these bytes, until it closes or falls silent."""
    url = httpx.URL(site.url)
    with socket.create_connection((url.host, url.port), timeout=wait) as connection:
        connection.sendall(data)
        received = b""
        try:
            while block := connection.recv(65536):
                received += block
                if b"\r\n\r\n" in received and b'"error"' in received:
                    break
        except (TimeoutError, ConnectionError):
            pass
    return received


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


HOST = b"Host: localhost\r\n"
#: Bytes of a stranger, and the status that they get.
STRANGERS = {
    "header without end": (b"GET /v1/me HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 70_000, {400}),
    "thousands of headers": (b"GET /v1/me HTTP/1.1\r\n" + HOST + b"".join(b"X%d: 1\r\n" % number for number in range(9000)) + b"\r\n", {400, 401}),
    "two lengths": (b"POST /v1/clients HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "lengths that differ": (b"POST /v1/clients HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", {400}),
    "length that is none": (b"POST /v1/clients HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", {400}),
    "two hosts": (b"GET /v1/me HTTP/1.1\r\n" + HOST + HOST + b"\r\n", {400}),
    "no host": (b"GET /v1/me HTTP/1.0\r\n\r\n", {421}),
    "another host": (b"GET /v1/me HTTP/1.1\r\nHost: evil.example\r\n\r\n", {421}),
    "bare line feeds": (b"GET /v1/me HTTP/1.1\n" + HOST + b"\n", {400, 401}),
    "space before a colon": (b"GET /v1/me HTTP/1.1\r\nHost : localhost\r\n\r\n", {400}),
    "line that goes on": (b"GET /v1/me HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", {400, 401}),
    "address of another host": (b"GET http://evil.example/v1/me HTTP/1.1\r\n" + HOST + b"\r\n", {404}),
    "escaped slash": (b"GET /v1%2fme HTTP/1.1\r\n" + HOST + b"\r\n", {401}),
    "dots": (b"GET /v1/../v1/me HTTP/1.1\r\n" + HOST + b"\r\n", {401}),
    "dots out of the folder": (b"GET /artefacts/..%2f..%2fprovider.key HTTP/1.1\r\n" + HOST + b"\r\n", {401, 404}),
    "two slashes": (b"GET //v1/me HTTP/1.1\r\n" + HOST + b"\r\n", {404}),
    "capitals": (b"GET /V1/me HTTP/1.1\r\n" + HOST + b"\r\n", {404}),
    "slash at the end": (b"GET /docs/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", {404}),
    "zero in a path": (b"GET /v1/requests/a%00b HTTP/1.1\r\n" + HOST + b"\r\n", {401}),
    "other method": (b"BREW /v1/health HTTP/1.1\r\n" + HOST + b"\r\n", {405}),
    "method in small letters": (b"get /v1/me HTTP/1.1\r\n" + HOST + b"\r\n", {401}),
    "preflight of another site": (
        b"OPTIONS /v1/me HTTP/1.1\r\n" + HOST + b"Origin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\n\r\n", {401},
    ),
    "web socket": (
        b"GET /v1/me HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", {401},
    ),
    "compressed": (b"POST /v1/clients HTTP/1.1\r\n" + HOST + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", {415}),
    "junk": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {0, 400}),
}  # fmt: skip


@pytest.mark.parametrize("attack", STRANGERS)
def test_strangers(site: Site, attack: str) -> None:
    sent, allowed = STRANGERS[attack]
    answer = raw(site, sent)
    assert status(answer) in allowed, answer[:300]
    assert b"access-control-allow-origin" not in answer.lower() and b"Traceback" not in answer
    assert b"evil.example/" not in answer.lower(), "no redirect to where the Host says"
    assert str(site.settings.provider).encode() not in answer


#: Calls that a client signs rightly: method, path, body, and the status and code that it gets.
CLIENTS = {
    "upload of another": ("GET", f"/v1/uploads/{ID}", None, 404, "not_found"),
    "job of another": ("GET", f"/v1/jobs/{ID}", None, 404, "not_found"),
    "receipt of another": ("GET", f"/v1/receipts/{ID * 2}", None, 404, "not_found"),
    "path for an upload": ("GET", "/v1/uploads/..%2f..%2fprovider.key", None, 404, "not_found"),
    "path for a job": ("GET", "/v1/jobs/../uploads", None, 404, "not_found"),
    "path for a receipt": ("GET", "/v1/receipts/%2e%2e%2fledger.sqlite", None, 404, "not_found"),
    "capitals in an id": ("GET", f"/v1/jobs/{'A' * 32}", None, 400, "bad_field"),
    "line feed after an id": ("GET", f"/v1/jobs/{ID}%0a", None, 400, "bad_field"),
    "zero in an id": ("GET", f"/v1/jobs/{'0' * 31}%00", None, 400, "bad_field"),
    "digits of another script": ("GET", "/v1/jobs/" + "%D9%A3" * 32, None, 400, "bad_field"),
    "request by a pattern": ("GET", "/v1/requests/%25", None, 400, "bad_field"),
    "request by SQL": ("GET", "/v1/requests/x'%20OR%201=1--", None, 400, "bad_field"),
    "upload into another folder": ("POST", "/v1/uploads", {"kind": "../bundle", "digest": "0" * 64, "size": 9}, 400, "bad_field"),
    "digest that is a path": ("POST", "/v1/uploads", {"kind": "bundle", "digest": "../" * 21 + "a", "size": 9}, 400, "bad_field"),
    "half a character": ("POST", "/v1/uploads", '{"kind":"bundle","digest":"\\ud800","size":9}', 400, "bad_field"),
    "field of half a character": ("POST", "/v1/uploads", '{"\\udfff":1}', 400, "bad_field"),
    "size that is no number": ("POST", "/v1/uploads", '{"kind":"bundle","digest":"' + "0" * 64 + '","size":NaN}', 400, "bad_field"),
    "size that is endless": ("POST", "/v1/uploads", '{"kind":"bundle","digest":"' + "0" * 64 + '","size":1e999}', 400, "bad_field"),
    "size of thousands of digits": ("POST", "/v1/uploads", '{"size":' + "9" * 4000 + "}", 400, "bad_field"),
    "size that is true": ("POST", "/v1/uploads", {"kind": "bundle", "digest": "0" * 64, "size": True}, 400, "bad_field"),
    "deep brackets": ("POST", "/v1/uploads", "[" * 4000, 400, None),
    "bundle of another": ("POST", "/v1/bundles", {"bundle": ID}, 404, "not_found"),
    "bundle that is a list": ("POST", "/v1/bundles", {"bundle": [ID]}, 400, "bad_field"),
    "client beside the bundle": ("POST", "/v1/bundles", {"bundle": ID, "client_id": "alice"}, 400, "bad_field"),
    "same file as both": ("POST", "/v1/enrolments", {"enrolment": ID, "proof": ID}, 404, "not_found"),
    "no body": ("POST", "/v1/bundles", "", 400, "bad_field"),
    "method that is not there": ("DELETE", f"/v1/uploads/{ID}", None, 405, "bad_method"),
    "join by hand of a member": ("POST", "/v1/clients", {"client_id": "..", "invitation": "A" * 43, "public": "00" * 32}, 400, None),
}  # fmt: skip


@pytest.mark.parametrize("attack", CLIENTS)
def test_clients(site: Site, party: Party, attack: str) -> None:
    method, path, body, wanted, code = CLIENTS[attack]
    content = None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    url = f"{site.url}{path}"
    headers = sign_call(party.key, method, url, {"Content-Type": "application/json"}, content)
    lines = [f"{method} {path} HTTP/1.1", f"Host: {httpx.URL(site.url).netloc.decode()}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()] + ([f"Content-Length: {len(content)}"] if content is not None else [])
    answer = raw(site, "\r\n".join([*lines, "", ""]).encode("latin-1") + (content or b""))
    assert status(answer) == wanted, answer[:400]
    error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert code in (None, error["code"]), error
    assert "file" not in error and str(site.settings.provider) not in str(error)


def declare(party: Party, data: bytes) -> str:
    body = {"kind": "bundle", "digest": hashlib.sha256(data).hexdigest(), "size": len(data)}
    return party.http.post("/v1/uploads", json=body).json()["upload"]


def at_once(work, count: int = 6) -> list:
    """What `work` answers in so many threads."""
    found: list = []
    threads = [threading.Thread(target=lambda: found.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_pieces_at_once_are_one(site: Site, party: Party) -> None:
    """The same place, filled by six calls at once: one is kept, and the file is the one that was declared."""
    data = bytes(range(256)) * 40
    upload = declare(party, data)
    for offset in (0, 8000):
        piece = data[offset : offset + 8000]

        def send(offset: int = offset, piece: bytes = piece) -> int:
            return site.session(party.key).patch(f"/v1/uploads/{upload}", content=piece, headers=PIECE | {"Upload-Offset": str(offset)}).status_code

        answers = at_once(send)
        assert answers.count(204) == 1 and set(answers) <= {204, 409, 423}, answers
    assert party.http.get(f"/v1/uploads/{upload}").json()["whole"]


def test_a_piece_by_chunks_has_no_length(site: Site, party: Party) -> None:
    upload = declare(party, b"x" * 500)
    url = f"{site.url}/v1/uploads/{upload}"
    headers = sign_call(party.key, "PATCH", url, PIECE | {"Upload-Offset": "0"}, b"x" * 500)
    answer = site.http.patch(url, content=iter([b"x" * 250, b"x" * 250]), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_field")


def test_more_bytes_than_were_said_are_the_next_calls_trouble(site: Site, party: Party) -> None:
    upload = declare(party, b"x" * 500)
    path = f"/v1/uploads/{upload}"
    headers = sign_call(party.key, "PATCH", site.url + path, PIECE | {"Upload-Offset": "0"}, b"x" * 100)
    lines = [f"PATCH {path} HTTP/1.1", f"Host: {httpx.URL(site.url).netloc.decode()}", "Content-Length: 100", *(f"{k}: {v}" for k, v in headers.items())]
    answer = raw(site, "\r\n".join([*lines, "", ""]).encode() + b"x" * 400, wait=3)
    assert status(answer) == 204 and answer.count(b"HTTP/1.1 2") == 1
    assert party.http.get(path).json()["offset"] == 100


def test_an_invitation_taken_by_many_at_once_serves_one(site: Site, tmp_path: Path) -> None:
    name = f"raced-{time.time_ns()}"
    token, keys = site.invite(name), iter([generate_key(tmp_path / f"{number}") for number in range(6)])

    def join() -> tuple[int, str]:
        key = next(keys)
        answer = site.session(key).post("/v1/clients", json={"client_id": name, "invitation": token, "public": key.public})
        return answer.status_code, answer.json().get("error", {}).get("code", "")

    answers = at_once(join)
    assert sorted(status for status, _ in answers) == [201, *[409] * 5], answers
    with site.service.store.read() as session:
        assert session.query(Client).where(Client.client_id == name).count() == 1


def test_joining_serves_once_too(site: Site, tmp_path: Path) -> None:
    """Whoever saw the call go by does not get to see what it answers later."""
    key, name = generate_key(tmp_path / "key"), f"seen-{time.time_ns()}"
    body = json.dumps({"client_id": name, "invitation": site.invite(name), "public": key.public}).encode()
    headers = sign_call(key, "POST", f"{site.url}/v1/clients", {"Content-Type": "application/json"}, body)
    answers = [site.http.post("/v1/clients", content=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 401]
    assert answers[1].json()["error"]["code"] == "replayed_call"


def test_a_replay_is_known_to_every_process_and_after_a_restart(site: Site, party: Party) -> None:
    headers = sign_call(party.key, "GET", f"{site.url}/v1/me")
    assert site.http.get("/v1/me", headers=headers).status_code == 200
    host = httpx.URL(site.url).netloc.decode()
    settings = site.settings.model_copy(update={"authorities": (host,)})
    with listening(app_of(Service.open(settings))) as other:
        answer = httpx.get(f"{other}/v1/me", headers=headers | {"Host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "replayed_call")


def test_nonces_outlive_a_clock_that_is_set_back(site: Site, party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    party.http.get("/v1/me")
    with monkeypatch.context() as patched:
        patched.setattr(calls, "moment", lambda: int(1000 * (time.time() + 3000)))
        clients.forget_nonces(site.service.store)
    with site.service.store.read() as session:
        assert session.query(Nonce).where(Nonce.public == party.key.public).count() >= 1


def test_a_stranger_with_an_invented_invitation_waits_for_no_writer(site: Site, tmp_path: Path) -> None:
    """And holds up none: SQLite has one writer at a time."""
    key = generate_key(tmp_path / "key")
    with site.service.store.write():
        answer = site.session(key).post("/v1/clients", json={"client_id": "x", "invitation": "A" * 43, "public": key.public}, timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "bad_invitation")


def test_one_address_does_not_take_every_place(site: Site) -> None:
    url = httpx.URL(site.url)
    held = [socket.create_connection((url.host, url.port), timeout=5) for _ in range(LIMITS.connections + 10)]
    try:
        time.sleep(0.2)
        closed = 0
        for connection in held:
            connection.settimeout(0.01)
            try:
                closed += connection.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                closed += 1
        assert closed >= 10
    finally:
        for connection in held:
            connection.close()
    time.sleep(0.2)
    assert site.http.get("/v1/health").status_code == 200


def test_who_does_not_read_its_answer_is_cut_off(site: Site) -> None:
    """Answers pile up until the connection takes no more: it would hold its place for ever."""
    url = httpx.URL(site.url)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect((url.host, url.port))
        begun, call = time.monotonic(), b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        with pytest.raises((ConnectionError, TimeoutError)) as ended:
            while time.monotonic() - begun < 20:
                connection.sendall(call * 20)
        assert isinstance(ended.value, ConnectionError), "the server took calls for as long as they came"
    assert time.monotonic() - begun < 20


def test_a_caller_does_not_say_who_it_is(site: Site) -> None:
    """X-Forwarded-For counts from a proxy that was named, and from nobody else."""
    limits = LIMITS.model_copy(update={"strangers": "10/minute"})
    for proxies, wanted in (((), 429), (("127.0.0.1",), 200)):
        with listening(app_of(Service.open(site.settings.model_copy(update={"limits": limits, "proxies": proxies})))) as url:
            found = [httpx.get(f"{url}/v1/health", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code for number in range(12)]
        assert found[-1] == wanted, (proxies, found)


def test_a_server_on_ipv6_is_called_by_its_brackets() -> None:
    guard = Guard(None, Settings(provider=Path("."), host="::1"), None, None)  # type: ignore[arg-type]
    assert guard._authorities({"server": ("::1", 8740)}) >= {"[::1]:8740", "[::1]", "localhost:8740"}


def test_a_log_does_not_hold_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    """What is no terminal is a file that is kept, or a log that others read."""
    for as_json in (False, True):
        _say(Settings(provider=Path("provider")), "secret-token", as_json)
        printed = capsys.readouterr().out
        assert "secret-token" not in printed and "dashboard.token" in printed


def test_replays_do_not_spend_the_calls_of_their_signer(site: Site, party: Party) -> None:
    limits = LIMITS.model_copy(update={"calls": "10/minute"})
    with listening(app_of(Service.open(site.settings.model_copy(update={"limits": limits})))) as url:
        headers = sign_call(party.key, "GET", f"{url}/v1/me")
        replayed = [httpx.get(f"{url}/v1/me", headers=headers).status_code for _ in range(20)]
        assert replayed == [200, *[401] * 19]
        own = [httpx.get(f"{url}/v1/me", headers=sign_call(party.key, "GET", f"{url}/v1/me")).status_code for _ in range(10)]
        assert own == [200] * 9 + [429]
