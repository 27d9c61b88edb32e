"""What is to be done now and then beside answering: drop what nobody needs any more. Each part goes by small batches, and on from
where it stopped; whatever stops one of them does not hold up the others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from zkapex_jax.errors import ZkapexError
from zkapex_jax.service import clients, evidence, orphans, retention, uploads
from zkapex_jax.service.context import Service
from zkapex_jax.service.watching import standing
from zkapex_jax.service.watching.health import complaints

_LOG = logging.getLogger("zkapex.service")
EVERY = 60.0
#: Pages of the ledger's events that one round reads, for a ledger that is new to it.
_PAGES = 20
#: Rounds after which the search for copies of lost jobs begins anew.
_ANEW = 60


class Housekeeping:
    """A thread that lives as long as the block."""

    def __init__(self, service: Service, every: float = EVERY) -> None:
        self._service, self._every, self._ended = service, every, threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        rounds = Rounds(self._service)
        while not self._ended.is_set():
            rounds.run(self._ended.is_set)
            self._ended.wait(self._every)


class Rounds:
    """One round after another over one service. How far each part has come is kept between them; a new one begins at the beginning."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._orphans: orphans.Place = (-1, "")
        self._dropped = evidence.Dropped()
        self._complaints: tuple[str, ...] = ()
        self._count = 0

    def run(self, is_ended: Callable[[], bool] = lambda: False) -> None:
        """Every part once, unless it ended."""
        for part in (self._nonces, self._copies, self._uploads, self._jobs, self._evidence, self._health):
            if is_ended():
                return
            try:
                part()
            except (ZkapexError, OSError, SQLAlchemyError) as error:
                _LOG.warning("housekeeping is put off: %s", error)
                self._service.meters.put_off(part.__name__.strip("_"))
        self._service.meters.housekept()

    def _nonces(self) -> None:
        clients.forget_nonces(self._service.store)

    def _copies(self) -> None:
        """Before the uploads, which say what was copied, expire."""
        service = self._service
        if self._count % _ANEW == 0:  # what stayed, for its client was busy, is looked at again
            self._orphans = (-1, "")
        self._count += 1
        gone, self._orphans = orphans.remove_orphans(service.store, service.settings, service.provider, self._orphans)
        _say(len(gone), "files of jobs that were set aside")

    def _uploads(self) -> None:
        uploads.sweep(self._service.store, self._service.settings)

    def _jobs(self) -> None:
        _say(retention.remove_finished(self._service.store, self._service.settings.keep.finished), "jobs that ended long ago")

    def _evidence(self) -> None:
        service = self._service
        for _ in range(_PAGES):
            if not evidence.gather(service.store, service.provider):
                break
        self._dropped = evidence.drop(service.store, service.settings, service.provider, service.key, self._dropped)
        _say(len(self._dropped.gone), "refused bundles; a signed note names each")

    def _health(self) -> None:
        """The log says what health keeps from strangers: why."""
        found = complaints(self._service, standing.jobs(self._service.store))
        if found != self._complaints:
            _LOG.warning("health says degraded: %s", ", ".join(found)) if found else _LOG.warning("health says ok again")
        self._complaints = found


def _say(count: int, what: str) -> None:
    if count:
        _LOG.info("removed %d %s", count, what)
