"""The worker processes of a server: started, started again when they end, ended with it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Self

from zkapex_jax.service.settings import Settings

_LOG = logging.getLogger("zkapex.service")
#: Seconds that workers have to finish their jobs when the server ends; what they do not finish is taken up again later.
GRACE = 20.0
#: Seconds between two starts of one worker.
PAUSE = 1.0


class Pool:
    """As many workers as the settings say, as long as the block lasts. `restarts`: those that took the place of one that ended."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._ended = settings, threading.Event()
        self._workers: list[subprocess.Popen[str]] = []
        self.restarts = 0
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)

    def __enter__(self) -> Self:
        self._workers = [self._start() for _ in range(self._settings.workers)]
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        for worker in self._workers:
            worker.terminate()
        ends = time.monotonic() + GRACE
        for worker in self._workers:
            try:
                worker.wait(max(0.0, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers that run now."""
        return [worker.pid for worker in self._workers if worker.poll() is None]

    def _start(self) -> subprocess.Popen[str]:
        """Settings go by the pipe, for a database's URL may hold a password; its end tells the worker that we are gone."""
        worker = subprocess.Popen([sys.executable, "-m", "zkapex_jax.service.worker"], stdin=subprocess.PIPE, text=True)
        if worker.stdin is not None:
            try:
                worker.stdin.write(self._settings.model_dump_json() + "\n")
                worker.stdin.flush()
            except BrokenPipeError:
                _LOG.error("worker %d ended as it began", worker.pid)
        return worker

    def _watch(self) -> None:
        while not self._ended.wait(PAUSE):
            for place, worker in enumerate(self._workers):
                if worker.poll() is not None:
                    _LOG.error("worker %d ended with %d; another takes its place", worker.pid, worker.returncode)
                    self._workers[place] = self._start()
                    self.restarts += 1
