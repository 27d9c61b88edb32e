"""Run a service until it is told to end: the HTTP server in this process, workers beside it."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI

from zkapex_jax.errors import StorageError
from zkapex_jax.service.app import create_app
from zkapex_jax.service.guard import network_of
from zkapex_jax.service.patience import watched
from zkapex_jax.service.pool import Pool
from zkapex_jax.service.settings import Settings
from zkapex_jax.service.watching.listener import exposing

#: Calls at once; more are told to come back.
_CONCURRENT = 256
_BACKLOG = 512


def serve(settings: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Returns after Ctrl-C or SIGTERM. `ready` is called once address and ledger are had, before the first call is answered. Raises StorageError if the address cannot be had, and as `create_app` does."""
    with _listen(settings.host, settings.port, "port") as listening, _watched_at(settings) as watching:
        app = create_app(settings)
        ready()
        config, service = server_config(app, settings), app.state.service
        with Pool(settings) as pool, exposing(service, watching), _signals_end_the_server():
            service.meters.crew = pool
            uvicorn.Server(config).run(sockets=[listening])


def server_config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How the HTTP server runs. Its warnings are about what strangers send, who could fill a disk with them."""
    http = watched(settings.limits.idle, settings.limits.connections, settings.proxies, network_of)
    return uvicorn.Config(
        app, http=http, ws="none", limit_concurrency=_CONCURRENT, backlog=_BACKLOG, timeout_keep_alive=15,
        timeout_graceful_shutdown=10, server_header=False, proxy_headers=bool(settings.proxies), forwarded_allow_ips=list(settings.proxies),
        log_level="error", log_config=None, access_log=False,
    )  # fmt: skip


@contextlib.contextmanager
def _signals_end_the_server() -> Iterator[None]:
    """The server takes them for its own, and sends them to us again when it has ended: our workers have yet to finish then."""
    kept = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _watched_at(settings: Settings) -> contextlib.AbstractContextManager[socket.socket | None]:
    wanted = settings.metrics
    return contextlib.nullcontext() if wanted is None else _listen(wanted.host, wanted.port, "metrics")


def _listen(host: str, port: int, field: str) -> socket.socket:
    """Before anything else is opened: two servers at one address are found out at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise StorageError(
            f"cannot listen: {error.strerror or error}", code="address", field=field, value=f"{host}:{port}"
        ) from error
    return listening
