"""One command on one host, timed: seconds, the most memory that it or a program of its took, bytes on the wire; and what happens meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.network.hosts import Host

ZKAPEX = (sys.executable, "-m", "zkapex_jax")
_LONGEST = 1800.0


@dataclass
class Event:
    """`act` once `when` says so; asked every few milliseconds while the command runs."""

    when: Callable[[], bool]
    act: Callable[[], object]
    done: bool = False


@dataclass
class Ran:
    """What a command did. `sent` and `received`: bytes of IP packets at the host's device. `status`: negative for a signal."""

    words: list[str]
    status: int
    seconds: float
    memory: int
    sent: int
    received: int
    out: str = field(repr=False)
    err: str = field(repr=False)

    def line(self) -> str:
        return f"{self.status:>4}  {self.seconds:7.1f} s  {self.memory / 1e6:6.0f} MB  {self.sent:>9,} B out  {self.received:>9,} B in  {' '.join(self.words)}"


@dataclass(frozen=True)
class Shell:
    """A host, a folder that commands run in, and what stands in their environment and before their words."""

    host: Host
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()

    def zkapex(self, *words: object, events: Sequence[Event] = (), kill_after: float | None = None) -> Ran:
        """Run `zkapex WORDS`; kill it with SIGKILL after so many seconds."""
        return self.run([*ZKAPEX, *words], [str(word) for word in words], events, kill_after)

    def run(self, words: Sequence[object], told: list[str], events: Sequence[Event] = (), kill_after: float | None = None) -> Ran:
        """Run any command; `told`: how a report names it."""
        out, err, end = self.folder / ".out", self.folder / ".err", self.host.end
        sent, received, begun = end.sent, end.received, time.monotonic()
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            child = subprocess.Popen(
                self.host.words([*self.before, *words]), stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, cwd=self.folder,
                env=os.environ | dict(self.env), start_new_session=True,
            )  # fmt: skip
            status, memory = _wait(child.pid, list(events), begun + (kill_after or _LONGEST))
        child.returncode = status
        seconds = time.monotonic() - begun
        return Ran(told, status, seconds, memory, end.sent - sent, end.received - received, out.read_text(errors="replace"), err.read_text(errors="replace"))


def _wait(child: int, events: list[Event], ends: float) -> tuple[int, int]:
    """Exit status (negative: a signal), and the most memory in bytes of the command or of any program that it waited for."""
    while True:
        process, status, usage = os.wait4(child, os.WNOHANG)
        if process:
            return os.waitstatus_to_exitcode(status), 1024 * usage.ru_maxrss
        for event in events:
            if not event.done and event.when():
                event.done = True
                event.act()
        if time.monotonic() > ends:
            os.killpg(child, signal.SIGKILL)
            ends = float("inf")
        time.sleep(0.01)


def sent_more(host: Host, count: int) -> Callable[[], bool]:
    """True once the host has sent so many bytes from now on."""
    start = host.end.sent
    return lambda: host.end.sent - start >= count


def received_more(host: Host, count: int) -> Callable[[], bool]:
    """The same of bytes that came."""
    start = host.end.received
    return lambda: host.end.received - start >= count


def after(event: Event, seconds: float) -> Callable[[], bool]:
    """True so many seconds after another event."""
    seen: list[float] = []

    def when() -> bool:
        if event.done and not seen:
            seen.append(time.monotonic())
        return bool(seen) and time.monotonic() - seen[0] >= seconds

    return when
