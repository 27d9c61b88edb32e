"""Before any endpoint: how often an address may call, whose signature a call carries, and bodies no longer than they may be.

Cheapest first: counting in memory, the signature, one look-up of the key; only then is anything written or a body read on.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zkapex_jax.errors import InputError, RefusedError, ZkapexError
from zkapex_jax.protocol.http_signing import Caller, check_call
from zkapex_jax.service import clients
from zkapex_jax.service.answers import failure
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.store import Store
from zkapex_jax.service.words import too_large

PREFIX = "/v1/"
#: Anybody may ask these.
OPEN = {"/v1/health", "/v1/ledger/head"}
JOIN = "/v1/clients"
#: A call that a key which has just been replaced may make once more.
ROTATE = "/v1/key"
_LOG = logging.getLogger("zkapex.service")


class Rates:
    """Counts calls by address and by key, in this process's memory."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        limits = settings.limits
        self._strangers, self._calls, self._jobs = parse(limits.strangers), parse(limits.calls), parse(limits.jobs)
        self._rotations = parse(limits.rotations)

    def address(self, address: str) -> None:
        """Raises RefusedError over the limit; so do the others."""
        self._count(self._strangers, "address", network_of(address))

    def may_call(self, public: str) -> None:
        """As `caller`, uncounted: a call that is sent again by somebody else costs its signer nothing."""
        if not self._limiter.test(self._calls, "key", public):
            raise self._over(self._calls, "key", public)

    def caller(self, public: str) -> None:
        self._count(self._calls, "key", public)

    def job(self, client_id: str) -> None:
        """Something to verify, which costs far more than a call."""
        self._count(self._jobs, "jobs", client_id)

    def rotation(self, client_id: str) -> None:
        """A new key, which is kept for ever."""
        self._count(self._rotations, "rotations", client_id)

    def _count(self, rate: RateLimitItem, kind: str, name: str) -> None:
        if not self._limiter.hit(rate, kind, name):
            raise self._over(rate, kind, name)

    def _over(self, rate: RateLimitItem, kind: str, name: str) -> RefusedError:
        reset = self._limiter.get_window_stats(rate, kind, name).reset_time
        hint = f"try again in {max(1, int(reset - time.time()) + 1)} s"
        return RefusedError(f"too many calls: {rate} are allowed", code="too_many_calls", hint=hint)


@dataclass
class Guard:
    """ASGI middleware. What it learnt stands in the scope's state: `caller`, and for known keys `who`."""

    app: ASGIApp
    settings: Settings
    store: Store
    rates: Rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            return await self._pass(scope, receive, sending)
        except ZkapexError as error:
            if started:
                _LOG.warning("answer broken off: %s", error)
                return None
            return await failure(error)(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.rates.address((scope.get("client") or ("",))[0])
        headers = _headers(scope)
        if "content-encoding" in headers:
            raise InputError("bodies are taken as they are", code="bad_encoding", field="Content-Encoding", value=headers["content-encoding"])
        if "transfer-encoding" in headers and "content-length" in headers:  # a proxy may take the other one for the body's end
            raise InputError("call has two lengths", code="bad_field", field="Transfer-Encoding", value=headers["transfer-encoding"])
        path = scope["path"]
        if not path.startswith(PREFIX) or path in OPEN:
            return await self.app(scope, self._bounded(scope, receive, self.settings.limits.document), send)
        caller = check_call(scope["method"], self._url(scope, headers), headers)
        self.rates.may_call(caller.public)
        scope.setdefault("state", {})["caller"] = caller
        if path == JOIN:
            self.rates.caller(caller.public)
            return await self._whole(scope, receive, send, caller, headers)
        who = await run_in_threadpool(clients.admit_call, self.store, caller, rotated=path == ROTATE)
        self.rates.caller(caller.public)
        scope["state"]["who"] = who
        if scope["method"] == "PATCH":
            return await self.app(scope, self._bounded(scope, receive, self.settings.limits.piece), send)
        return await self._whole(scope, receive, send, caller, headers)

    async def _whole(self, scope: Scope, receive: Receive, send: Send, caller: Caller, headers: Mapping[str, str]) -> None:
        """Read a document's body, hold it against the signed digest, and hand it on."""
        most, body = self.settings.limits.document, bytearray()
        if _length(headers) > most:
            raise too_large("body", most, _length(headers))
        bounded, more = self._bounded(scope, receive, most), True
        while more:
            message = await bounded()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if caller.body_digest is not None and hashlib.sha256(body).hexdigest() != caller.body_digest:
            raise InputError("body is not the one that was signed", code="wrong_body", field="Content-Digest")
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self.app(scope, replay, send)

    def _bounded(self, scope: Scope, receive: Receive, most: int) -> Receive:
        """Receives at most so many bytes, and waits for the next of them, and for them all, no longer than the limits say."""
        limits, total, ends, over = self.settings.limits, 0, time.monotonic() + self.settings.limits.piece_time, False

        async def bounded() -> Message:
            nonlocal total, over
            if over:  # all is read: what comes now is only that the caller hung up
                return await receive()
            wait = min(limits.idle, ends - time.monotonic())
            try:
                message = await asyncio.wait_for(receive(), max(wait, 0.001))
            except TimeoutError:
                raise InputError("body stands still, or takes too long", code="too_slow", field="body", hint="send smaller pieces") from None
            total += len(message.get("body", b""))
            if total > most:
                raise too_large("body", most)
            over = not message.get("more_body", False)
            return message

        return bounded

    def _url(self, scope: Scope, headers: Mapping[str, str]) -> str:
        """The URL that a client must have signed: our own authority, or one of the settings'."""
        authority = headers.get("host", "").lower()
        if authority not in self._authorities(scope):
            raise InputError("call is for another authority", code="wrong_authority", field="Host", value=authority)
        query = scope.get("query_string", b"").decode("latin-1")
        raw = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
        return f"http://{authority}{raw}{'?' + query if query else ''}"

    def _authorities(self, scope: Scope) -> set[str]:
        host, port = scope.get("server") or (self.settings.host, self.settings.port)
        hosts = [f"[{given}]" if ":" in given else given for given in (host, self.settings.host, "localhost") if given]
        named = {name for given in hosts for name in (f"{given}:{port}", given)}
        return named | {name.lower() for name in self.settings.authorities}


def _headers(scope: Scope) -> dict[str, str]:
    """By small name; repeated ones joined as HTTP does."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _length(headers: Mapping[str, str]) -> int:
    text = headers.get("content-length", "0")
    return int(text) if text.isdecimal() and len(text) < 16 else 1 << 60


def network_of(address: str) -> str:
    """An address as it is counted: a whole /64 of IPv6, which one caller may own."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
