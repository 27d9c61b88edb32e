"""Journeys of clients through bad weather: the commands of docs/client.md, what happens to them, and what must be so in the end."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from experiments.network.commands import Event, Ran, Shell, after, received_more, sent_more
from experiments.network.hosts import Host
from experiments.network.link import Weather
from experiments.network.town import Town, copied_model


@dataclass
class Client:
    """A client on its host, with a model of its own, at one address of the town's service."""

    town: Town
    host: Host
    ipv6: bool = False

    def __post_init__(self) -> None:
        self.folder = self.town.folder / self.host.name
        self.folder.mkdir(exist_ok=True)
        self.model, self.data = copied_model(self.town.source, self.folder)
        self.shell = Shell(self.host, self.folder)

    @property
    def url(self) -> str:
        return self.town.url(ipv6=self.ipv6)

    def join(self, invitation: str, shell: Shell | None = None, **how: object) -> Ran:
        words = ["client", "join", self.url, "--client", self.host.name, "--provider-key", self.town.key, "--ca-file", self.town.folder / "authority.pem"]
        return (shell or self.shell).zkapex(*words, "--invitation", invitation, **how)

    def enrol(self, **how: object) -> Ran:
        return self.shell.zkapex("client", "enrol", "--model", self.model, "--data", self.data, "--cache", self.town.cache, **how)

    def unlearn(self, **how: object) -> Ran:
        return self.shell.zkapex("client", "unlearn", "--model", self.model, "--save-model", self.folder / "unlearned", "--force", "--cache", self.town.cache, **how)

    def send(self, *words: object, **how: object) -> Ran:
        return self.shell.zkapex("client", "send", *words, **how)

    def receipts(self) -> list[Path]:
        return sorted((self.folder / "zkapex-client/receipts").glob("*.json"))


def cut_once(client: Client, when: Callable[[], bool], seconds: float) -> list[Event]:
    """Take the client's link away when `when` says so, and give it back so many seconds later."""
    first = Event(when, client.host.cut)
    return [first, Event(after(first, seconds), client.host.mend)]


def bad_link(client: Client, request: Callable[[], object]) -> Iterator[Ran]:
    """200 ms each way, one packet of twenty lost, 1 Mbit/s, one core: what the table of docs/client.md shows."""
    client.host.end.weather = Weather(delay=0.2, loss=0.05, rate=1e6)
    client.shell = Shell(client.host, client.folder, before=("taskset", "-c", "0"))
    yield client.join(client.town.invite(client.host.name))
    yield client.enrol()
    request()
    yield client.unlearn()
    yield client.send()
    yield from _ended(client)


def lossy(client: Client, request: Callable[[], object]) -> Iterator[Ran]:
    """A slow link that loses packets; the link, the provider's address and the service go away in the midst of what is sent."""
    town, host = client.town, client.host
    host.end.weather = Weather(delay=0.2, loss=0.05, rate=256e3)
    yield client.join(town.invite(host.name), events=cut_once(client, received_more(host, 120_000), 8))
    gone = Event(sent_more(host, 40_000), town.kill_service)
    yield client.enrol(events=[*cut_once(client, sent_more(host, 20_000), 12), gone, Event(after(gone, 5), town.start_service)])
    request()
    yield client.unlearn(events=cut_once(client, received_more(host, 200_000), 10))
    lost = Event(sent_more(host, 6_000), town.host.forget_address)
    yield client.send(events=[lost, Event(after(lost, 60), town.host.take_address)])
    yield from _ended(client)


def killed(client: Client, request: Callable[[], object], every: float) -> Iterator[Ran]:
    """IPv6 alone, and every command killed again and again, each time later, until it is through."""
    client.host.without_ipv4()
    client.host.end.weather = Weather(delay=0.02, rate=2e6)
    invitation = client.town.invite(client.host.name)
    yield from _until_done(lambda seconds: client.join(invitation, kill_after=seconds), every / 4)
    yield from _until_done(lambda seconds: client.enrol(kill_after=seconds), every)
    request()
    yield from _until_done(lambda seconds: client.unlearn(kill_after=seconds), every)
    yield from _until_done(lambda seconds: client.send(kill_after=seconds), every / 4)
    yield from _ended(client)


def wrong_clock(client: Client) -> Iterator[Ran]:
    """Ten minutes behind, then ten ahead; no call is taken, and the message says by how much the clock is wrong."""
    invitation = client.town.invite(client.host.name)
    for shift in ("-10m", "+10m"):
        yield client.join(invitation, Shell(client.host, client.folder, before=("faketime", "-f", shift)))
    yield client.join(invitation)


def full_disk(client: Client, sizes: list[int]) -> Iterator[Ran]:
    """The home on a disk of so many bytes, one after another: a typed error each time, and the command goes on with more room."""
    home = client.folder / "zkapex-client"
    home.mkdir(exist_ok=True)
    invitation = client.town.invite(client.host.name)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={sizes[0]},mode=700", "tmpfs", home], check=True)
    try:
        for size in sizes:
            subprocess.run(["mount", "-o", f"remount,size={size}", home], check=True)
            yield client.join(invitation)
            yield client.enrol()
    finally:
        subprocess.run(["umount", "-l", home], check=True)


def _until_done(command: Callable[[float], Ran], every: float) -> Iterator[Ran]:
    """Killed after `every` seconds, then after twice that, and so on: what was done before the kill must count."""
    for number in range(1, 30):
        ran = command(number * every)
        yield ran
        if ran.status >= 0:
            return
        time.sleep(0.2)


def _ended(client: Client) -> Iterator[Ran]:
    yield client.shell.zkapex("client", "status", "--json")
    for receipt in client.receipts():
        yield client.shell.zkapex("receipt", "check", receipt, "--provider-key", client.town.key)
