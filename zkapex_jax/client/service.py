"""The provider's service as this client sees it: signed calls, bounded answers."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from zkapex_jax.client.answers import MAX_DOCUMENT, Job, Me, ReceiptFacts, RequestFacts, Rotated, Upload, failure_of, parse_answer
from zkapex_jax.client.clocks import clock_words
from zkapex_jax.client.downloads import OnBytes, Part
from zkapex_jax.client.retrying import COME_BACK, Patience, persistent
from zkapex_jax.errors import InputError, StorageError
from zkapex_jax.protocol.http_auth import SignedCalls
from zkapex_jax.protocol.possession import Succession, prove_possession
from zkapex_jax.protocol.signing import SigningKey

_TIMEOUT = httpx.Timeout(40.0, connect=10.0)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_URL = re.compile(r"https?://[^\s@?#]{1,1000}\Z")
#: Longest files that are fetched, in bytes: a base holds a model's target weights, a state its mask.
MAX_FILE, MAX_RECEIPT = 1 << 34, 64 << 10
#: With every call. Which library makes it, and of which version, is nobody's business.
_PLAIN = {"accept-encoding": "identity", "user-agent": "zkapex"}
#: Answers to a piece after which the offset tells more: too slow, another offset, busy with a piece, or come back later.
_LOOK_AGAIN = COME_BACK | {408, 409, 423}
_BLOCK, _MAX_DIGITS = 1 << 17, 15


def check_url(text: str) -> str:
    """An https URL without query; plain http for this machine alone. Raises InputError."""
    try:
        url = httpx.URL(text if _URL.match(text) else "")
    except (httpx.InvalidURL, ValueError) as error:
        raise InputError("is not a URL", code="bad_url", field="URL", value=text) from error
    if not url.host:
        raise InputError("must be like https://unlearn.example.org", code="bad_url", field="URL", value=text)
    if url.scheme == "http" and url.host not in _LOOPBACK:
        raise InputError("must be https: others could read and change what is sent", code="bad_url", field="URL", value=text)
    return str(url).rstrip("/")


@dataclass(frozen=True)
class Reply:
    """One answer, read to its end: the body is empty where it went to a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Service:
    """Calls of one client, each signed anew. A context manager: it holds connections."""

    def __init__(
        self, url: str, key: SigningKey, *, patience: Patience | None = None, transport: httpx.BaseTransport | None = None,
        authority: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        """`authority`: TLS that trusts one authority alone; None is the bundle of certifi, or $SSL_CERT_FILE."""
        self.url, self.public = check_url(url), key.public
        self.patience = patience or Patience()
        local = httpx.URL(self.url).host in _LOOPBACK
        self._http = httpx.Client(
            auth=SignedCalls(key), timeout=_TIMEOUT, transport=transport, follow_redirects=False, trust_env=not local,
            verify=True if authority is None else authority,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def join(self, client_id: str, invitation: str, public: str) -> Me:
        """Make the key known under this name, with an invitation that serves once."""
        body = {"client_id": client_id, "invitation": invitation, "public": public}
        return self._ask(Me, "POST", "/clients", json=body)

    def me(self) -> Me:
        """Where this client stands."""
        return self._ask(Me, "GET", "/me")

    def rotate(self, client_id: str, new: SigningKey) -> Rotated:
        """Replace the key of these calls by a new one, which signs that it takes its place."""
        succession = Succession(client_id, httpx.URL(self.url).netloc.decode("ascii").lower(), self.public, new.public)
        body = {"client_id": client_id, "public": new.public, "proof": prove_possession(new, succession)}
        return self._ask(Rotated, "POST", "/key", json=body)

    def requests(self) -> list[RequestFacts]:
        """Every request of the provider's, oldest first."""
        return self._ask(list[RequestFacts], "GET", "/requests")

    def new_upload(self, kind: str, digest: str, size: int) -> Upload:
        """Announce a file by its SHA-256; the same file again is the same upload."""
        return self._ask(Upload, "POST", "/uploads", json={"kind": kind, "digest": digest, "size": size})

    def upload_offset(self, upload: str) -> int:
        """Bytes of an upload that the service has."""
        return _offset(self.answer("HEAD", f"/uploads/{upload}"))

    def send_piece(self, upload: str, offset: int, piece: bytes) -> int | None:
        """Send bytes from `offset` on, once; returns the new offset, or None where it is to be asked for.

        Raises httpx.TransportError if the connection fails.
        """
        headers = {"tus-resumable": "1.0.0", "upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
        reply = self._once("PATCH", f"/uploads/{upload}", content=piece, headers=headers)
        return None if reply.status in _LOOK_AGAIN else _offset(self._checked(reply))

    def send_enrolment(self, enrolment: str, proof: str) -> Job:
        """Ask for two whole uploads to be admitted."""
        return self._ask(Job, "POST", "/enrolments", json={"enrolment": enrolment, "proof": proof})

    def send_bundle(self, bundle: str) -> Job:
        """Ask for a whole upload to be verified."""
        return self._ask(Job, "POST", "/bundles", json={"bundle": bundle})

    def job(self, job: str) -> Job:
        """How far a job is."""
        return self._ask(Job, "GET", f"/jobs/{job}")

    def receipts(self) -> list[ReceiptFacts]:
        """Receipts of this client, newest first."""
        return self._ask(list[ReceiptFacts], "GET", "/receipts")

    def receipt(self, digest: str) -> bytes:
        """A receipt's bytes."""
        return self.answer("GET", f"/receipts/{digest}", limit=MAX_RECEIPT).body

    def fetch(self, path: str, part: Part, *, max_bytes: int = MAX_FILE, on_bytes: OnBytes | None = None) -> Path:
        """Stream a file into a part of it, from where that ends if it is still the same file; the whole file then.

        A connection that breaks again and again is tried for as long as bytes come. Raises InputError if the file is longer than
        `max_bytes`, StorageError (`no_connection`): what came is kept.
        """

        def attempt() -> Reply:
            headers = _PLAIN | part.headers()
            with self._http.stream("GET", f"{self.url}/v1{path}", headers=headers) as response:
                taken, body = response.status_code == httpx.codes.OK or (response.status_code == httpx.codes.PARTIAL_CONTENT and "range" in headers), b""
                if taken:
                    part.take(response, max_bytes, on_bytes)
                else:
                    body = _read(response, MAX_DOCUMENT)
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and "range" in headers:
                part.drop()  # the file is shorter now: from its start
                return attempt()
            return Reply(response.status_code, response.headers, body, str(response.url))

        while True:
            before = part.size
            try:
                self._checked(persistent(self.patience, f"{self.url}/v1{path}", attempt))
                return part.path
            except StorageError as error:
                if error.code != "no_connection" or part.size <= before:
                    raise

    def answer(self, method: str, path: str, **parts: Any) -> Reply:
        """A call, tried again where the network failed. Raises the error that the service tells."""
        return self._checked(persistent(self.patience, f"{self.url}/v1{path}", lambda: self._once(method, path, **parts)))

    def _ask(self, kind: Any, method: str, path: str, **parts: Any) -> Any:
        return parse_answer(kind, self.answer(method, path, **parts).body, url=f"{self.url}/v1{path}")

    def _once(self, method: str, path: str, *, limit: int = MAX_DOCUMENT, **parts: Any) -> Reply:
        parts["headers"] = _PLAIN | parts.get("headers", {})
        with self._http.stream(method, f"{self.url}/v1{path}", **parts) as response:
            return Reply(response.status_code, response.headers, _read(response, limit), str(response.url))

    def _checked(self, reply: Reply) -> Reply:
        if httpx.codes.is_success(reply.status):
            return reply
        error = failure_of(reply.status, reply.body, url=reply.url, location=reply.headers.get("location"))
        if error.code == "stale_call":
            error.message += clock_words(reply.headers.get("date"))
        raise error


def _read(response: httpx.Response, limit: int) -> bytes:
    """The body as it was sent, at most `limit` bytes of it."""
    found = bytearray()
    for block in response.iter_raw(_BLOCK):
        found += block
        if len(found) > limit:
            raise InputError(f"the service's answer is longer than {limit} bytes", code="bad_answer", file=str(response.url))
    return bytes(found)


def _offset(reply: Reply) -> int:
    text = reply.headers.get("upload-offset", "")
    if not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS:
        raise InputError("the service names no offset", code="bad_answer", file=reply.url, field="Upload-Offset", value=text)
    return int(text)
