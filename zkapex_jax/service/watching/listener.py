"""`GET /metrics` at an address of its own, for the provider's Prometheus and nobody else.

Not on the port that clients call: a proxy passes that one on to the world, and then a path or a token would be all that keeps
strangers from it. Here nobody has to keep a secret in Prometheus' configuration; who may connect is said by the address.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from zkapex_jax.service.context import Service
from zkapex_jax.service.guard import network_of
from zkapex_jax.service.patience import watched
from zkapex_jax.service.watching.collecting import registry_of

PATH = "/metrics"
#: Who looks at once, and seconds that such a caller may be silent.
_CONNECTIONS, _IDLE = 16, 10.0


def metrics_app(registry: CollectorRegistry) -> ASGIApp:
    """The one address; the library picks OpenMetrics or Prometheus' own text by what the caller accepts."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await (await _answer(registry, scope))(scope, receive, send)

    return app


async def _answer(registry: CollectorRegistry, scope: Scope) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if scope["path"] != PATH:
        return PlainTextResponse(f"the numbers are at {PATH}\n", 404, headers)
    if scope["method"] != "GET":
        return PlainTextResponse("GET\n", 405, headers | {"Allow": "GET"})
    accept = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"accept")
    try:
        encode, kind = choose_encoder(accept)
    except (ValueError, TypeError):  # the library takes no version that is none
        encode, kind = choose_encoder("")
    text = await run_in_threadpool(encode, registry)
    return Response(text, headers=headers | {"Content-Type": kind})


@contextlib.contextmanager
def exposing(service: Service, listening: socket.socket | None) -> Iterator[None]:
    """Answer at this socket as long as the block lasts, in a thread; None: nothing is told."""
    if listening is None:
        yield
        return
    http = watched(_IDLE, _CONNECTIONS, (), network_of)
    config = uvicorn.Config(
        metrics_app(registry_of(service)), http=http, ws="none", lifespan="off", limit_concurrency=_CONNECTIONS, timeout_keep_alive=65,
        timeout_graceful_shutdown=2, server_header=False, proxy_headers=False, log_level="error", log_config=None, access_log=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)
