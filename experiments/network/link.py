"""Packets between hosts, over links that are slow, lossy or cut: what `tc netem` does, in user space, for kernels without it.

Every host's end is a TUN device: the kernel's own IP and TCP on both sides, and between them this program, which reads whole
packets and passes them on late, or never.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_MTU = 1500
#: A full queue drops what comes: so many seconds of the link's rate.
_QUEUE = 1.0


@dataclass
class Weather:
    """One host's link, each way: `delay` in seconds, `loss` as a share of packets, `rate` in bits a second, None without end."""

    delay: float = 0.0
    loss: float = 0.0
    rate: float | None = None
    up: bool = True


@dataclass
class End:
    """A host's end: its device's file, its link, the bytes that left the host and that came to it, as IP counts them."""

    file: int
    weather: Weather
    sent: int = 0
    received: int = 0
    _free: dict[bool, float] = field(default_factory=lambda: {True: 0.0, False: 0.0})

    def due(self, size: int, now: float, *, outward: bool, chance: random.Random) -> float | None:
        """When a packet of `size` bytes that enters this link now is through; None if it is lost."""
        weather = self.weather
        if not weather.up or chance.random() < weather.loss:
            return None
        start = max(now, self._free[outward])
        if start - now > _QUEUE:
            return None
        self._free[outward] = start + (8 * size / weather.rate if weather.rate else 0.0)
        return self._free[outward] + weather.delay


def open_tun(name: str) -> int:
    """A TUN device of this name, in the namespace of this process; its file. It goes when the file is closed."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(file, _TUNSETIFF, struct.pack("16sH22x", name.encode("ascii"), _IFF_TUN | _IFF_NO_PI))
    return file


class Network:
    """Passes packets between ends by their destination, in a thread of its own. A context manager."""

    def __init__(self, seed: int = 0) -> None:
        self._ends: dict[str, End] = {}
        self._chance = random.Random(seed)  # losses, which are no secret
        self._waiting: list[tuple[float, int, End, bytes]] = []
        self._count, self._over = 0, threading.Event()
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def add(self, file: int, addresses: tuple[str, ...], weather: Weather) -> End:
        """An end with these IPv4 and IPv6 addresses; before the network runs."""
        end = End(file, weather)
        self._ends |= dict.fromkeys(addresses, end)
        self._selector.register(file, selectors.EVENT_READ, end)
        return end

    def __enter__(self) -> Network:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for file in {end.file for end in self._ends.values()}:
            os.close(file)
        self._selector.close()

    def _run(self) -> None:
        while not self._over.is_set():
            now = time.monotonic()
            wait = min(0.2, max(0.0, self._waiting[0][0] - now)) if self._waiting else 0.2
            for key, _ in self._selector.select(wait):
                self._read(key.data)
            self._deliver(time.monotonic())

    def _read(self, source: End) -> None:
        for _ in range(64):
            try:
                packet = os.read(source.file, _MTU + 100)
            except BlockingIOError:
                return
            except OSError:  # the device is down: the host's link is taken away
                return
            self._take(source, packet)

    def _take(self, source: End, packet: bytes) -> None:
        target = self._ends.get(destination(packet))
        if target is None:
            return
        source.sent += len(packet)
        now = time.monotonic()
        left = source.due(len(packet), now, outward=True, chance=self._chance)
        due = None if left is None else target.due(len(packet), left, outward=False, chance=self._chance)
        if due is not None:
            self._count += 1
            heapq.heappush(self._waiting, (due, self._count, target, packet))

    def _deliver(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, _, target, packet = heapq.heappop(self._waiting)
            try:
                os.write(target.file, packet)
                target.received += len(packet)
            except OSError:  # the device is down, or its queue full: the packet is lost, as packets are
                continue


def destination(packet: bytes) -> str:
    """The address that an IP packet goes to; empty for what is none."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 20:
        return socket.inet_ntop(socket.AF_INET, packet[16:20])
    if version == 6 and len(packet) >= 40:
        return socket.inet_ntop(socket.AF_INET6, packet[24:40])
    return ""
