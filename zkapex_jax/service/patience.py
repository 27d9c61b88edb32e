"""HTTP/1.1 connections that do nothing for too long are closed: headers that never end cost nobody more than that."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


def watched(seconds: float) -> type[H11Protocol]:
    """A protocol whose connections have that long to send all headers of their first call, and up to twice that of a later one."""

    class Watched(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._seen = self.cycle
            self._timer = self.loop.call_later(seconds, self._look)

        def connection_lost(self, exc: Exception | None) -> None:
            self._timer.cancel()
            super().connection_lost(exc)

        def _look(self) -> None:
            at_work = self.cycle is not None and not self.cycle.response_complete
            if not at_work and self._seen is self.cycle:
                self.transport.close()
                return
            self._seen = self.cycle
            self._timer = self.loop.call_later(seconds, self._look)

    return Watched
