"""HTTP/1.1 connections that do nothing for too long are closed, and one address has only so many of them.

Headers that never end, answers that nobody reads, and connections opened for their own sake cost no more than that: a
server has places for some hundred callers at once, and a stranger needs no key to take one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Bytes a second. Who reads an answer more slowly is taken for somebody who wants to hold the place.
SLOWEST = 512


class _Counted:
    """A transport that knows how many bytes it was given; all else is the transport's own."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self.given = transport, 0

    def write(self, data: bytes) -> None:
        self.given += len(data)
        self._transport.write(data)

    @property
    def waiting(self) -> int:
        """Bytes that the system has not taken yet, for the caller does not read."""
        return self._transport.get_write_buffer_size()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def watched(
    seconds: float, most: int, exempt: Collection[str] = (), network: Callable[[str], str] = str
) -> type[H11Protocol]:
    """A protocol whose connections have that long to send all headers of their first call, and up to twice that of a later one;
    as long for every `SLOWEST * seconds` bytes of an answer. An address (`network` says what counts as one) has `most` of them,
    but for those that are `exempt`: proxies.
    """
    crowd: Counter[str] = Counter()

    class Watched(H11Protocol):
        _place: str | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            self._counted = _Counted(transport)
            super().connection_made(self._counted)  # type: ignore[arg-type]
            self._seen, self._gone = self.cycle, 0
            self._timer = self.loop.call_later(seconds, self._look)
            address = self.client[0] if self.client else ""
            if address in exempt:
                return
            self._place = network(address)
            crowd[self._place] += 1
            if crowd[self._place] > most:
                transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            self._timer.cancel()
            if self._place is not None:
                crowd[self._place] -= 1
                if not crowd[self._place]:
                    del crowd[self._place]
            super().connection_lost(exc)

        def _look(self) -> None:
            gone = self._counted.given - self._counted.waiting
            if self._counted.waiting:
                if gone - self._gone < SLOWEST * seconds:
                    self._counted.abort()
                    return
            elif not self._is_at_work() and self._seen is self.cycle:
                self._counted.close()
            self._seen, self._gone = self.cycle, gone
            self._timer = self.loop.call_later(seconds, self._look)

        def _is_at_work(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

    return Watched
