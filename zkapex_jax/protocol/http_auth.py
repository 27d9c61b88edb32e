"""Signs every call of an HTTPX client, every attempt anew."""

from __future__ import annotations

from collections.abc import Generator

import httpx

from zkapex_jax.protocol.http_signing import sign_call
from zkapex_jax.protocol.signing import SigningKey


class SignedCalls(httpx.Auth):
    """`httpx.Client(auth=SignedCalls(key))`. Bodies are read whole to be digested: uploads go in pieces."""

    requires_request_body = True

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        signed = sign_call(self._key, request.method, str(request.url), dict(request.headers), request.content)
        for name in ("content-digest", "signature-input", "signature"):
            if name in signed:
                request.headers[name] = signed[name]
        yield request
