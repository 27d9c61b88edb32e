"""A small service on a socket of this machine that loses connections, answers halfway and asks to come back, as networks do."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from zkapex_jax.client.retrying import Patience
from zkapex_jax.errors import ZkapexError
from zkapex_jax.protocol.http_signing import check_call

#: Tries again at once.
HASTE = Patience(attempts=7, sleep=lambda seconds: None)
UPLOAD = "0" * 32


@dataclass
class Weather:
    """What goes wrong, and what arrived. `faults`: one a call, in order; None lets a call through."""

    faults: list[str | None] = field(default_factory=list)
    piece: int = 1000
    received: bytearray = field(default_factory=bytearray)
    wanted: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    answers: dict[tuple[str, str], Callable[[], tuple[int, Any]]] = field(default_factory=dict)
    #: Files by path, with their entity tags; what of each answer's body arrives, in order (None: all); and the ranges asked for.
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    arrive: list[int | None] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    #: A proxy's limit of a body; the date that answers carry, and where they send elsewhere.
    most: int | None = None
    date: str | None = None
    location: str | None = None

    def upload(self) -> dict[str, Any]:
        size = self.wanted["size"]
        whole = len(self.received) == size and hashlib.sha256(self.received).hexdigest() == self.wanted["digest"]
        return {"upload": UPLOAD, "size": size, "offset": len(self.received), "whole": whole, "piece": self.piece, "expires": "later"}


@contextmanager
def serving(weather: Weather) -> Iterator[str]:
    """The URL of a service with this weather."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            return None

        def do_GET(self) -> None:
            self._serve()

        do_POST = do_PATCH = do_HEAD = do_GET

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            weather.calls.append((self.command, self.path))
            if weather.most is not None and len(body) > weather.most:
                self._answer(413, b"<html>413 Request Entity Too Large</html>")
                return
            if not self._signed(body):
                return
            fault = weather.faults.pop(0) if weather.faults else None
            if fault == "cut":
                self.close_connection = True
                self.connection.shutdown(2)
                return
            if fault is not None and fault.isdigit():
                self._answer(int(fault), {"error": {"code": "bad_input", "message": "come back", "exit_code": 2}}, {"retry-after": "0"})
                return
            self._act(body, lose_answer=fault == "lose answer")

        def _signed(self, body: bytes) -> bool:
            try:
                caller = check_call(self.command, f"http://{self.headers['host']}{self.path}", dict(self.headers))
                wrong = caller.nonce in weather.nonces or caller.body_digest not in (None, hashlib.sha256(body).hexdigest())
            except ZkapexError as error:
                wrong, caller = str(error), None
            if wrong:
                weather.refused.append(str(wrong))
                self._answer(401, {"error": {"code": "unsigned_call", "message": "call is not signed", "exit_code": 2}})
                return False
            weather.nonces.add(caller.nonce)
            return True

        def _act(self, body: bytes, *, lose_answer: bool) -> None:
            path = self.path.removeprefix("/v1")
            status, document, headers = 200, {}, {}
            if path in weather.files:
                self._file(*weather.files[path])
                return
            if (self.command, path) in weather.answers:
                status, document = weather.answers[self.command, path]()
            elif (self.command, path) == ("POST", "/uploads"):
                weather.wanted, status = json.loads(body), 201
                document = weather.upload()
            elif path == f"/uploads/{UPLOAD}":
                if self.command == "PATCH" and int(self.headers["upload-offset"]) == len(weather.received):
                    weather.received += body
                headers, status = {"upload-offset": str(len(weather.received))}, 204
            else:
                status, document = 404, {"error": {"code": "no_such_code", "message": "no\nsuch " + "x" * 5000, "exit_code": 2}}
            if lose_answer:
                self.close_connection = True
                self.connection.shutdown(2)
                return
            self._answer(status, document, headers)

        def _file(self, data: bytes, tag: str) -> None:
            """As the service's framework does it: a range if the tag is still the file's, and all of it if not."""
            wanted, total = self.headers.get("range"), len(data)
            weather.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.headers.get("if-range") == tag else 0
            if wanted and start >= total:
                self._answer(416, b"")
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("content-range", f"bytes {start}-{total - 1}/{total}")
            if tag:
                self.send_header("etag", tag)
            self.send_header("content-length", str(total - start))
            self.end_headers()
            arrives = weather.arrive.pop(0) if weather.arrive else None
            self.wfile.write(data[start:] if arrives is None else data[start : start + arrives])
            if arrives is not None:
                self.close_connection = True
                self.wfile.flush()
                self.connection.shutdown(2)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return weather.date or super().date_time_string(timestamp)

        def _answer(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
            body = b"" if status == 204 else document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            if weather.location is not None:
                self.send_header("location", weather.location)
            if status != 204:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Connections that a test cut, or a client gave up, are no news."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
