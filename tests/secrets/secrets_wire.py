"""Between a client and its service: a relay that keeps every byte that the client sends, and what those bytes say as HTTP calls."""

from __future__ import annotations

import base64
import binascii
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){16,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{22,}")


@dataclass(frozen=True)
class Call:
    """One HTTP call as it was sent; header names in small letters."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Wire:
    """What went from the client to the service, connection by connection."""

    port: int
    streams: list[bytearray] = field(default_factory=list)

    def take(self) -> list[bytes]:
        """What was sent since this was asked last."""
        taken, self.streams = [bytes(stream) for stream in self.streams if stream], []
        return taken


@contextmanager
def relay(to: int) -> Iterator[Wire]:
    """A port of this machine that passes everything on to another, and back."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        wire = Wire(listening.getsockname()[1])
        threading.Thread(target=_accept, args=(listening, wire, to), daemon=True).start()
        yield wire


def _accept(listening: socket.socket, wire: Wire, to: int) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:  # closed: the test is over
            return
        service, stream = socket.create_connection(("127.0.0.1", to)), bytearray()
        wire.streams.append(stream)
        threading.Thread(target=_pass, args=(client, service, stream), daemon=True).start()
        threading.Thread(target=_pass, args=(service, client, None), daemon=True).start()


def _pass(source: socket.socket, target: socket.socket, kept: bytearray | None) -> None:
    try:
        while data := source.recv(1 << 16):
            if kept is not None:
                kept += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # one of the two has gone
        return


def calls(stream: bytes) -> list[Call]:
    """The calls of one connection, by their Content-Length; nothing may be left over."""
    found, rest = [], stream
    while rest:
        head, separator, rest = rest.partition(b"\r\n\r\n")
        assert separator, "a call was cut off"
        first, *lines = head.decode("ascii").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        assert len(headers) == len(lines) and "transfer-encoding" not in headers
        size = int(headers.get("content-length", "0"))
        found.append(Call(method, path, headers, rest[:size]))
        assert len(rest) >= size
        rest = rest[size:]
    return found


def forms(data: bytes) -> Iterator[bytes]:
    """The bytes, and what is written among them in hex or base64 (whichever of its four beginnings)."""
    yield data
    for run in _HEX.findall(data):
        yield bytes.fromhex(run.decode("ascii"))
    for run in _BASE64.findall(data):
        plain = run.replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            part = plain[start : start + (len(plain) - start) // 4 * 4]
            try:
                yield base64.b64decode(part, validate=True)
            except binascii.Error:
                continue
