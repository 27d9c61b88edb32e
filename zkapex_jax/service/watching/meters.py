"""What this process counts in its memory: calls, and its housekeeping. One `Meters` a service, with a registry of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from zkapex_jax import __version__

#: Seconds; the last is what the largest piece may take.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_API = "/v1"
#: Of a call that reached no route: refused before, or at an address that is none.
NOWHERE = "none"


class Crew(Protocol):
    """The workers of a server. `restarts`: how many of them took the place of one that ended."""

    restarts: int

    @property
    def processes(self) -> list[int]: ...


class Meters:
    """Instruments, and the workers once there are some. Labels have few values, whatever strangers send."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.crew: Crew | None = None
        here: dict[str, Any] = {"registry": self.registry, "namespace": "zkapex"}
        self._calls = Counter("calls", "Calls that were answered", ("route", "method", "status"), **here)
        self._seconds = Histogram("call_seconds", "Seconds from a call's header to the end of its answer", ("route", "method"), buckets=_SECONDS, **here)
        self._refused = Counter("refused_calls", "Calls that were answered with an error, by its code", ("code",), **here)
        self.in_progress = Gauge("calls_in_progress", "Calls that are being answered", **here)
        self._kept = Gauge("housekeeping_last_timestamp_seconds", "When a round of housekeeping ended last", **here)
        self._put_off = Counter("housekeeping_failures", "Parts of housekeeping that were put off", ("part",), **here)
        Gauge("build_info", "1, with the version", ("version",), **here).labels(__version__).set(1)
        ProcessCollector(registry=self.registry)

    def call(self, scope: Mapping[str, Any], status: int | None, seconds: float, code: str) -> None:
        """One call that ended. `status` None: the caller had gone before there was an answer; `code`: of the error, or empty."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = template(scope)
        self._calls.labels(route, method, "none" if status is None else str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)
        if code:
            self._refused.labels(code).inc()

    def housekept(self) -> None:
        """A round ended now."""
        self._kept.set(time.time())

    def put_off(self, part: str) -> None:
        self._put_off.labels(part).inc()


def template(scope: Mapping[str, Any]) -> str:
    """The route of a call as the program writes it, `/v1/jobs/{name}`; never what the caller wrote.

    Routers leave their prefix out of a route's path in some versions of the framework.
    """
    route = getattr(scope.get("route"), "path", None)
    if not isinstance(route, str):
        return NOWHERE
    of_api = scope["path"].startswith(f"{_API}/") and not route.startswith(f"{_API}/")
    return f"{_API}{route}" if of_api else route
