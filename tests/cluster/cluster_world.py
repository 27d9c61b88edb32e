"""A prover with a brake, so that a worker dies at its work, and a cluster that is watched."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from zkapex_jax.workflow.cluster.cluster import Cluster
from zkapex_jax.workflow.cluster.jobs import Event

PATIENCE = 120.0

#: The prover with a brake: whoever removes a folder `stall-*` says whose child it is and does nothing until its input ends.
BRAKED = """#!/bin/sh
for brake in "{control}"/stall-*; do
  case " $* " in
    *" --chunks-from-stdin "*|*" verify "*)
      if rmdir "$brake" 2>/dev/null; then
        echo $PPID > "$brake.part" && mv "$brake.part" "{control}/stalled-${{brake##*-}}"
        exec cat > /dev/null
      fi;;
  esac
done
exec "{binary}" "$@"
"""


@dataclass
class Brake:
    """`kill_next(times)`: the next provers of workers stall, and a thread kills those workers with SIGKILL."""

    control: Path
    killed: list[int] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _count: int = 0

    def kill_next(self, times: int = 1) -> None:
        names = [f"{self._count + i}" for i in range(times)]
        self._count += times
        for name in names:
            (self.control / f"stall-{name}").mkdir()
        self._threads.append(threading.Thread(target=self._kill, args=(names,), daemon=True))
        self._threads[-1].start()

    def settle(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads)

    def _kill(self, names: list[str]) -> None:
        end = time.monotonic() + PATIENCE
        while names and time.monotonic() < end:
            for name in [name for name in names if (self.control / f"stalled-{name}").exists()]:
                pid = int((self.control / f"stalled-{name}").read_text())
                os.kill(pid, signal.SIGKILL)
                self.killed.append(pid)
                names.remove(name)
            time.sleep(0.01)


@dataclass
class Watched:
    """A joined cluster and what happened on it."""

    cluster: Cluster
    events: list[Event]

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]
