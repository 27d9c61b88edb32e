"""A service that knows keys alone, in this process: what `/v1/me`, `/v1/key` and `/v1/clients` answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from zkapex_jax.client.retrying import Patience
from zkapex_jax.client.service import Service
from zkapex_jax.errors import ZkapexError
from zkapex_jax.protocol import SigningKey
from zkapex_jax.protocol.http_signing import check_call
from zkapex_jax.protocol.possession import Succession, check_possession

URL, HOST = "https://unlearn.example", "unlearn.example"


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Registry:
    """Standing of each key that it was ever told of (`serves`, `rotated`, `revoked`), and invitations that are good.

    `tick` is called before each call is looked at and after it was answered: a test ends the process there.
    """

    keys: dict[str, str] = field(default_factory=dict)
    invitations: set[str] = field(default_factory=set)
    client_id: str = "alice"
    calls: list[str] = field(default_factory=list)
    tick: Callable[[], None] = lambda: None

    @property
    def serving(self) -> str | None:
        return next((public for public, standing in self.keys.items() if standing == "serves"), None)

    def open(self, key: SigningKey) -> Service:
        return Service(URL, key, patience=Patience(attempts=1), transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.tick()
        caller = check_call(request.method, str(request.url), dict(request.headers)).public
        self.calls.append(request.url.path)
        status, document = self._answer(request.url.path, caller, json.loads(request.content or b"{}"))
        self.tick()
        return httpx.Response(status, stream=httpx.ByteStream(json.dumps(document).encode()))

    def _answer(self, path: str, caller: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        standing = self.keys.get(caller)
        if path == "/v1/clients":
            return self._join(caller, body)
        if path == "/v1/key" and standing == "rotated" and body["public"] == self.serving:
            return 200, {"client_id": self.client_id, "public": body["public"]}
        if standing != "serves":
            return _refused(f"{standing}_key" if standing else "unknown_key")
        if path == "/v1/key":
            return self._rotate(caller, body)
        return 200, self._me(caller)

    def _rotate(self, caller: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            check_possession(Succession(self.client_id, HOST, caller, body["public"]), body["proof"])
        except ZkapexError as error:
            return _refused(error.code)
        if body["public"] in self.keys:
            return _refused("key_taken")
        self.keys |= {caller: "rotated", body["public"]: "serves"}
        return 200, {"client_id": self.client_id, "public": body["public"]}

    def _join(self, caller: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.keys.get(caller, "serves") != "serves":
            return _refused(f"{self.keys[caller]}_key")
        if caller != self.serving and (self.serving or body["invitation"] not in self.invitations):
            return _refused("bad_invitation")
        self.invitations.discard(body["invitation"])
        self.keys[caller] = "serves"
        return 201, self._me(caller)

    def _me(self, caller: str) -> dict[str, Any]:
        return {"client_id": self.client_id, "public": caller, "provider_keys": ["2" * 64], "enrolment": None, "position": None, "state": None, "open_requests": []}


def _refused(code: str) -> tuple[int, dict[str, Any]]:
    return 401, {"error": {"code": code, "message": code, "exit_code": 3}}
