"""`zkapex serve` as a process of its own, whose workers and itself are killed without warning, and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

#: What a test may do to one address in a minute; and jobs that come back soon after their worker was killed.
LIMITS = {
    "limits": {
        "calls": "100000/minute", "strangers": "1000000/minute", "jobs": "100000/minute", "open_jobs": 100, "open_uploads": 100, "spare_disk": 0,
        "piece": 4096,
    },
    "queue": {"lease": 3, "poll": 0.1, "backoff": 0.2},
}  # fmt: skip


@dataclass
class Deployment:
    """One server at one address, over its restarts."""

    provider: Path
    cache: Path
    workers: int = 2
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = self.port or free.getsockname()[1]
        (self.provider / "limits.json").write_text(json.dumps(LIMITS))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Seconds until it answers."""
        begun, options = time.monotonic(), ["--port", str(self.port), "--workers", str(self.workers), "--cache", str(self.cache)]
        words = [sys.executable, "-m", "zkapex_jax", "serve", str(self.provider), "--allow-insecure", "--limits", str(self.provider / "limits.json")]
        with open(self.provider / "serve.log", "ab") as log:
            self._process = subprocess.Popen([*words, *options], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=os.environ | {"PYTHONUNBUFFERED": "1"})
        while self.health() is None:
            if self._process.poll() is not None or time.monotonic() - begun > 900:
                raise AssertionError(f"the server does not start: {self.log()}")
            time.sleep(0.1)
        return time.monotonic() - begun

    def health(self) -> dict[str, int] | None:
        try:
            answer = httpx.get(f"{self.url}/v1/health", timeout=10)
            return answer.json() if answer.status_code == 200 else None
        except httpx.TransportError:
            return None

    def kill_worker(self) -> int:
        """Kill a worker whose prover is at work, if one is within a while; any worker then."""
        for _ in range(200):
            busy = [worker for worker in self._workers() if any("zkapex-prover" in child.name() for child in worker.children())]
            if busy:
                return _kill(busy[0])
            time.sleep(0.02)
        return _kill(self._workers()[0])

    def kill(self) -> None:
        """The server alone, as the system would for want of memory; its workers must notice by themselves."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """As an operator does; its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def log(self) -> str:
        return (self.provider / "serve.log").read_text()[-3000:]

    def _workers(self) -> list[psutil.Process]:
        children = psutil.Process(self._process.pid).children() if self._process else []
        return [child for child in children if "zkapex_jax.service.worker" in child.cmdline()]


def _kill(worker: psutil.Process) -> int:
    worker.kill()
    return worker.pid
