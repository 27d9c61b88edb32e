"""Counts every call, whatever becomes of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zkapex_jax.service.watching import noting
from zkapex_jax.service.watching.meters import Meters


@dataclass
class Metered:
    """ASGI middleware, before all others. What is answered is left as it is."""

    app: ASGIApp
    meters: Meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        noted, began, status = noting.begin(), time.monotonic(), None

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self.meters.in_progress.track_inprogress():
            try:
                await self.app(scope, receive, sending)
            except Exception:
                status = status or 500  # the framework answers so, outside of us
                raise
            finally:
                self.meters.call(scope, status, time.monotonic() - began, noted.code)
