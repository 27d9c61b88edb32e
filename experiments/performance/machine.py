"""The machine that a figure comes from, and how much of it something else was using meanwhile."""

from __future__ import annotations

import os
import re
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

#: A record taken while other programs used more of the processors than this is said to be noisy, and made again.
QUIET = 0.05

_VECTOR = "avx512ifma"
PORTABLE = "ZKAPEX_PORTABLE"


def facts() -> dict[str, Any]:
    """Processor, cores, memory in bytes, and whether the prover multiplies eight field elements at once (`wide`)."""
    text = _read("/proc/cpuinfo")
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    wide = _VECTOR in text and os.environ.get(PORTABLE) != "1"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"cpu": name.group(1) if name else "unknown", "cores": cores, "memory_bytes": psutil.virtual_memory().total, "wide": wide}


@dataclass
class Meter:
    """Wall seconds of a block, processor seconds of this process and its children, and the share of others.

    `others_share`: processor time that the rest of the machine used, over cores × wall time; 0 on a quiet machine.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    others_share: float = 0.0

    def __enter__(self) -> Meter:
        self._start = time.perf_counter(), _own(), _busy()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        wall, own, busy = self._start
        self.seconds, self.cpu_seconds = time.perf_counter() - wall, _own() - own
        others = _busy() - busy - self.cpu_seconds
        self.others_share = max(0.0, others) / (psutil.cpu_count() * self.seconds) if self.seconds > 0 else 0.0

    def to_json(self) -> dict[str, float]:
        """What records keep."""
        return {"seconds": self.seconds, "cpu_seconds": self.cpu_seconds, "others_share": self.others_share}


def _own() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in used)


def _busy() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
