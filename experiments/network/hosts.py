"""Hosts in network namespaces of this machine, which needs root: a name, two addresses, commands that run there."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.network.link import End, Network, Weather, open_tun

_DEVICE = "net0"
PROVIDER = "provider"


@dataclass(frozen=True)
class Host:
    """One namespace, `number` of the network 10.91.0.0/24 and fd91::/64."""

    name: str
    number: int
    end: End

    @property
    def namespace(self) -> str:
        return f"zkapex-{self.name}"

    @property
    def ipv4(self) -> str:
        return f"10.91.0.{self.number}"

    @property
    def ipv6(self) -> str:
        return f"fd91::{self.number}"

    def words(self, words: Sequence[object]) -> list[str]:
        """A command as it runs on this host."""
        return ["ip", "netns", "exec", self.namespace, *map(str, words)]

    def start(self, words: Sequence[object], log: Path, folder: Path | None = None, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a command; both its streams go to `log`."""
        with open(log, "ab") as out:
            return subprocess.Popen(self.words(words), stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=folder, env=os.environ | dict(env or {}))

    def cut(self) -> None:
        """Take the device down: the kernel says at once that the network is unreachable."""
        _run(self.words(["ip", "link", "set", _DEVICE, "down"]))

    def mend(self) -> None:
        """Take it up again, with the addresses that it loses on the way down."""
        _run(self.words(["ip", "link", "set", _DEVICE, "up"]))
        _run(self.words(["ip", "-6", "address", "replace", f"{self.ipv6}/64", "dev", _DEVICE, "nodad"]))

    def forget_address(self) -> None:
        """The host answers to its IPv4 address no longer."""
        _run(self.words(["ip", "address", "del", f"{self.ipv4}/24", "dev", _DEVICE]))

    def take_address(self) -> None:
        """And does so again."""
        _run(self.words(["ip", "address", "replace", f"{self.ipv4}/24", "dev", _DEVICE]))

    def without_ipv4(self) -> None:
        """Leave it IPv6 alone."""
        self.forget_address()


@contextlib.contextmanager
def network(clients: Sequence[str], seed: int = 0) -> Iterator[dict[str, Host]]:
    """A provider's host and clients', joined; they are gone at the end, with what still runs in them."""
    names = [PROVIDER, *clients]
    hosts: dict[str, Host] = {}
    joined = Network(seed)
    with contextlib.ExitStack() as stack:
        for number, name in enumerate(names, start=1):
            hosts[name] = _host(joined, name, number)
            stack.callback(_remove, hosts[name].namespace)
        stack.enter_context(joined)
        yield hosts


def _host(joined: Network, name: str, number: int) -> Host:
    namespace, passing = f"zkapex-{name}", f"zkapex{number}"
    _remove(namespace)
    _run(["ip", "netns", "add", namespace])
    file = open_tun(passing)
    made = Host(name, number, joined.add(file, (f"10.91.0.{number}", f"fd91::{number}"), Weather()))
    _run(["ip", "link", "set", passing, "netns", namespace, "name", _DEVICE])
    for words in (["link", "set", "lo", "up"], ["link", "set", _DEVICE, "mtu", "1500", "up"], ["address", "add", f"{made.ipv4}/24", "dev", _DEVICE],
                  ["-6", "address", "add", f"{made.ipv6}/64", "dev", _DEVICE, "nodad"]):  # fmt: skip
        _run(made.words(["ip", *words]))
    return made


def _remove(namespace: str) -> None:
    """A namespace and what runs in it; none is no error."""
    if not Path("/run/netns", namespace).exists():
        return
    found = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False).stdout.split()
    for process in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(process), 9)
    _run(["ip", "netns", "del", namespace])


def _run(words: Sequence[str]) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=30)
