"""How much of the machine others use while something runs: times that were measured beside them hold only beside them."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_STAT = Path("/proc/stat")

#: Places of user, nice, system, irq, softirq and steal in the first line of /proc/stat, after its name; guests are in user.
_BUSY = (0, 1, 2, 5, 6, 7)


@dataclass(frozen=True)
class Moment:
    """Wall seconds, processor seconds of this process and the children that have ended, and of the whole machine (None: unknown)."""

    wall: float
    own: float
    machine: float | None

    @classmethod
    def now(cls) -> Self:
        used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return cls(time.monotonic(), sum(part.ru_utime + part.ru_stime for part in used), _machine())

    def others_since(self) -> float | None:
        """Share of all cores that others used since this moment, from 0 to 1; None where the system does not tell."""
        end = Moment.now()
        if self.machine is None or end.machine is None or end.wall <= self.wall:
            return None
        others = (end.machine - self.machine) - (end.own - self.own)
        return min(1.0, max(0.0, others / ((os.cpu_count() or 1) * (end.wall - self.wall))))


def _machine() -> float | None:
    try:
        ticks = [int(part) for part in _STAT.read_text().split("\n", 1)[0].split()[1:]]
        return sum(ticks[place] for place in _BUSY) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
