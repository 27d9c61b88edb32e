"""What is to be done now and then beside answering: drop old nonces and uploads that expired."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from zkapex_jax.errors import ZkapexError
from zkapex_jax.service import clients, uploads
from zkapex_jax.service.context import Service

_LOG = logging.getLogger("zkapex.service")
EVERY = 60.0


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
        while not self._ended.is_set():
            try:
                clients.forget_nonces(self._service.store)
                uploads.sweep(self._service.store, self._service.settings)
            except (ZkapexError, OSError, SQLAlchemyError) as error:
                _LOG.warning("housekeeping is put off: %s", error)
            self._ended.wait(self._every)
