"""The provider's service and its dashboard, called as the server would call them: every header, path, query and body that a socket lets through.

An input of `service` is JSON: up to three calls {"method", "path", "headers", "body", "after"}, signed by a client that has joined, with
`after` put over the signed headers. An input of `dashboard` is an address, asked for by whoever has the cookie.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from fuzz_folder import place
from fuzz_seeds import KEY, SIGNER
from fuzz_targets import Fault, Target
from zkapex_jax.errors import InputError, RefusedError

HOST = "127.0.0.1:8740"
CALLS = 3
#: The client that has artefacts, and its upload that is begun.
UPLOAD, DIGEST = "0f" * 16, "11" * 32
#: What no socket hands on: h11 refuses these in a header, a method or a target.
_HEADER, _TARGET, _METHOD = re.compile(r"[\x00\r\n]"), re.compile(r"[\x00-\x20\x7f]"), re.compile(r"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")


@dataclass
class Site:
    """A service over a small fleet; what calls write is taken back after each input."""

    app: Any
    settings: Any
    store: Any
    #: The row of the upload that is begun.
    begun: dict[str, Any]
    cookie: str = ""

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body. Whatever the application raises goes on."""
        plain, _, query = path.partition("?")
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": unquote(plain), "raw_path": plain.encode("latin-1"),
            "query_string": query.encode("latin-1"), "root_path": "", "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()],
            "client": ("127.0.0.1", 4), "server": ("127.0.0.1", 8740), "state": {},
        }  # fmt: skip
        return asyncio.run(_asked(self.app, scope, body))

    def undo(self) -> None:
        """The uploads and jobs as they were; a file that no upload owns is litter."""
        from sqlalchemy import delete

        from zkapex_jax.service.tables import Job, Nonce, Upload

        with self.store.write() as session:
            owned = {f"{row.id}.safetensors" for row in session.query(Upload)}
            session.execute(delete(Upload).where(Upload.id != UPLOAD))
            session.execute(delete(Job))
            session.execute(delete(Nonce))
            session.execute(Upload.__table__.update().where(Upload.__table__.c.id == UPLOAD).values(self.begun))
        found = {path.name for path in self.settings.uploads.iterdir()} if self.settings.uploads.is_dir() else set()
        for name in found:
            (self.settings.uploads / name).unlink()
        if found - owned:
            raise Fault(f"litter in the folder of uploads: {sorted(found - owned)}")


async def _asked(app: Any, scope: dict[str, Any], body: bytes) -> tuple[int, dict[str, str], bytes]:
    given, answer, told = False, [], {}

    async def receive() -> dict[str, Any]:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            told.update(status=message["status"], headers={n.decode("latin-1"): v.decode("latin-1") for n, v in message["headers"]})
        answer.append(message.get("body", b""))

    await app(scope, receive, send)
    return told["status"], told["headers"], b"".join(answer)


@lru_cache
def site() -> Site:
    """Made once a process."""
    sys.path += [str(Path(__file__).parents[1] / "dashboard")]
    from dashboard_scene import STUMBLES, TOKEN, build
    from sqlalchemy import select, update

    from zkapex_jax.service import uploads
    from zkapex_jax.service.app import create_app
    from zkapex_jax.service.dashboard.login import COOKIE
    from zkapex_jax.service.keys import Who
    from zkapex_jax.service.messages import NewUpload
    from zkapex_jax.service.settings import Limits
    from zkapex_jax.service.tables import Client, Key, Upload, moment

    folder = tempfile.TemporaryDirectory(prefix="fuzz-", dir=place())
    scene, often = build(Path(folder.name) / "provider", 98), "1000000/second"
    limits = Limits(jobs=often, calls=often, strangers=often, spare_disk=0)
    settings = scene.settings.model_copy(update={"limits": limits})
    with scene.store.write() as session:
        session.add(Client(client_id=STUMBLES, joined=moment()))
        session.add(Key(public=SIGNER, client_id=STUMBLES, invitation="ee" * 32, since=moment(), ended=None, why="", words=""))
    row, _ = uploads.create(scene.store, settings, Who(STUMBLES, SIGNER), NewUpload(kind="bundle", digest=DIGEST, size=5))
    with scene.store.write() as session:
        session.execute(update(Upload).where(Upload.id == row.id).values(id=UPLOAD, expires=moment() + 10**11))
        begun = dict(session.execute(select(*Upload.__table__.columns)).mappings().one())
    app = create_app(settings)
    app.state.folder = folder  # lives as long as the application
    found = Site(app, settings, scene.store, begun)
    form = f"token={TOKEN}".encode()
    _, headers, _ = found.ask("POST", "/login", {"host": HOST, "content-type": "application/x-www-form-urlencoded"}, form)
    found.cookie = headers["set-cookie"].partition(";")[0]
    if not found.cookie.startswith(COOKIE):
        raise Fault("the dashboard's token opens nothing")
    return found


def service(data: bytes) -> None:
    """Every answer is one that a client can act on. Raises the last refusal."""
    calls, refusal = _calls(data), None
    try:
        for method, path, headers, body, after in calls:
            refusal = _one(method, path, headers, body, after)
    finally:
        site().undo()
    if refusal is not None:
        raise refusal


def _calls(data: bytes) -> list[tuple[str, str, dict[str, str], bytes, dict[str, str]]]:
    """What is no call is left out. Raises InputError where none is left."""
    try:
        told = json.loads(data)["calls"][:CALLS]
        return [_parts(call) for call in told if isinstance(call, dict)]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("describes no call") from error


def _parts(told: dict[str, Any]) -> tuple[str, str, dict[str, str], bytes, dict[str, str]]:
    headers, after = (_headers(told.get(name)) for name in ("headers", "after"))
    body = told.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    path = _TARGET.sub("", str(told.get("path", "/")).encode("utf-8", "replace").decode("latin-1"))
    method = _METHOD.sub("", str(told.get("method", "GET")).upper()) or "GET"
    return method, f"/{path.lstrip('/')}", headers, text.encode("utf-8", "surrogatepass"), after


def _headers(told: Any) -> dict[str, str]:
    pairs = told.items() if isinstance(told, dict) else ()
    return {_METHOD.sub("", str(name)).lower() or "x": _header(value) for name, value in pairs}


def _header(value: Any) -> str:
    return _HEADER.sub("", str(value).encode("utf-8", "replace").decode("latin-1")).strip()


def _one(method: str, path: str, headers: dict[str, str], body: bytes, after: dict[str, str]) -> RefusedError | None:
    from http_message_signatures import HTTPMessageSignaturesException

    from zkapex_jax.protocol import SigningKey
    from zkapex_jax.protocol.http_signing import sign_call

    headers = {"host": HOST, "content-length": str(len(body))} | headers
    try:
        made = sign_call(SigningKey(KEY), method, f"http://{HOST}{path}", headers, body)
    except (HTTPMessageSignaturesException, ValueError):
        made = headers  # what no client could sign is sent as it is
    return judge(*site().ask(method, path, made | after, body))


def judge(status: int, headers: dict[str, str], body: bytes) -> RefusedError | None:
    """The refusal that an answer tells. Raises Fault for an answer that blames the service, or says more than it may."""
    if status >= 500:
        raise Fault(f"status {status}: {body[:300]!r}")
    if str(site().settings.provider).encode() in body:
        raise Fault("an answer names a path of the provider's machine")
    if status < 400:
        return None
    if headers.get("content-type") != "application/json":
        return RefusedError(f"status {status}")
    error = json.loads(body)["error"]
    if len(body) > 3000 or not isinstance(error.get("code"), str):
        raise Fault(f"an error of {len(body)} bytes, {error.get('code')}")
    return RefusedError(f"status {status}: {error['code']}: {error['message']}", field=error.get("field"))


def dashboard(data: bytes) -> None:
    """Pages, exports and downloads by address: {"path", "query": pairs}. A page never holds as markup what the address says."""
    try:
        told = json.loads(data)
        pairs = "&".join("=".join(quote(str(part), errors="replace") for part in pair) for pair in told["query"])
        path = quote(f"/{str(told['path']).lstrip('/')}", errors="replace") + (f"?{pairs}" if pairs else "")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("describes no address") from error
    status, headers, body = site().ask("GET", path, {"host": HOST, "cookie": site().cookie}, b"")
    if b"<script>alert" in body or b'"onx=' in body:
        raise Fault("an address becomes markup")
    refusal = judge(status, headers, body)
    if refusal is not None:
        raise refusal


def seeds(put: Any) -> None:
    """`put(target, name, bytes)`."""
    call = lambda method, path, body="", headers=None, **after: {
        "method": method, "path": f"/v1{path}", "headers": headers or ({"content-type": "application/json"} if body else {}), "body": body, "after": after,
    }  # fmt: skip
    piece = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
    new = {"kind": "enrolment", "digest": DIGEST, "size": 9}
    for name, calls in {
        "me": [call("GET", "/me")], "base": [call("GET", "/base"), call("GET", "/state")], "requests": [call("GET", "/requests")],
        "request": [call("GET", "/requests/forget-2026-11"), call("GET", "/requests/forget-2026-11/file")], "receipts": [call("GET", "/receipts")],
        "receipt": [call("GET", f"/receipts/{DIGEST}"), call("GET", "/ledger/head"), call("GET", "/health")],
        "join": [call("POST", "/clients", {"client_id": "edge-1", "invitation": "A" * 43, "public": SIGNER})],
        "upload": [call("POST", "/uploads", new), call("GET", f"/uploads/{UPLOAD}"), call("HEAD", f"/uploads/{UPLOAD}")],
        "piece": [call("PATCH", f"/uploads/{UPLOAD}", "12345", piece), call("POST", "/bundles", {"bundle": UPLOAD})],
        "half": [call("PATCH", f"/uploads/{UPLOAD}", "123", piece), call("PATCH", f"/uploads/{UPLOAD}", "45", piece | {"upload-offset": "3"})],
        "proofs": [call("POST", "/enrolments", {"enrolment": UPLOAD, "proof": UPLOAD}), call("GET", f"/jobs/{UPLOAD}")],
        "other": [call("GET", "/me", "", {"content-encoding": "gzip"}), call("DELETE", "/me"), call("GET", "/me", host="elsewhere")],
        "login": [{**call("POST", ""), "path": "/login", "body": "token=x&next=/"}, {**call("POST", ""), "path": "/logout"}],
    }.items():  # fmt: skip
        put("service", name, json.dumps({"calls": calls}, sort_keys=True, separators=(",", ":")).encode())
    for number, (path, query) in enumerate(ADDRESSES):
        pairs = [list(pair) for pair in query.items()]
        put("dashboard", f"{number:02}", json.dumps({"path": path, "query": pairs}, sort_keys=True, separators=(",", ":")).encode())


ADDRESSES = (
    ("/", {"status": "late", "sort": "last_seen", "down": "1", "page": "2"}), ("/", {"q": "edge-0004"}), ("/", {"client": "edge-00040", "event": "3"}),
    ("/fleet.csv", {"status": "complied"}), ("/", {"request": "forget-2026-11", "q": "<script>alert(1)</script>"}), ("/", {"q": '"onx=1'}),
    (f"/artefacts/{DIGEST}", {}), (f"/receipts/{DIGEST}", {}), ("/docs", {}), ("/openapi.json", {}), ("/no/such", {"page": "0"}),
)  # fmt: skip
SERVICE = (
    Target("service", "json", 1 << 12, {"product": service}, (InputError, RefusedError)),
    Target("dashboard", "json", 1 << 10, {"product": dashboard}, (InputError, RefusedError)),
)
