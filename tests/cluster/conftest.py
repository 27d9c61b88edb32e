"""Fixtures: a small world, and a local Ray cluster whose provers can be made to stall, so that a worker dies at its work."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "workflow"))

from chain_world import World, open_world  # noqa: E402

from zkapex_jax.prover import Prover  # noqa: E402
from zkapex_jax.prover.driver import ENVIRONMENT  # noqa: E402
from zkapex_jax.workflow.cluster import Cluster  # noqa: E402
from zkapex_jax.workflow.cluster_round import Event  # noqa: E402

PATIENCE = 120.0

#: The prover with a brake: whoever removes a folder `stall-*` says whose child it is and does nothing until its input ends.
_BRAKED = """#!/bin/sh
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


@pytest.fixture(scope="session")
def brake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brake]:
    """Every prover of this session, here and on workers, is the braked one."""
    control = tmp_path_factory.mktemp("brake")
    script = control / "prover"
    script.write_text(_BRAKED.format(control=control, binary=Prover.find().binary))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    before = os.environ.get(ENVIRONMENT)
    os.environ[ENVIRONMENT] = str(script)
    yield Brake(control)
    if before is None:
        del os.environ[ENVIRONMENT]
    else:
        os.environ[ENVIRONMENT] = before


@pytest.fixture(scope="session")
def ray_address(brake: Brake) -> Iterator[str]:
    """A cluster of this machine with three places, up for the session."""
    ray = pytest.importorskip("ray")
    ray.init(
        address="local", num_cpus=3, object_store_memory=100 << 20, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
    )  # fmt: skip
    yield "auto"
    ray.shutdown()


@dataclass
class Watched:
    """A joined cluster and what happened on it."""

    cluster: Cluster
    events: list[Event]

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]


@pytest.fixture
def joined(ray_address: str) -> Iterator[Watched]:
    with Cluster.connect(ray_address) as cluster:
        events: list[Event] = []
        cluster.on_event = events.append
        yield Watched(cluster, events)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def world(tmp_path: Path, cache: Path, brake: Brake) -> World:
    return open_world(tmp_path / "world", cache)
