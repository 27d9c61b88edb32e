"""Calls that are tried again: what a network loses is sent once more, with a signature of its own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from zkapex_jax.client.certificates import check_tls
from zkapex_jax.errors import StorageError, shorten

#: Answers that ask to come back later, or that a proxy gives while the service restarts.
COME_BACK = frozenset({429, 502, 503, 504})
#: The longest wait that a service may ask for, in seconds.
LONGEST = 60.0


@dataclass(frozen=True)
class Patience:
    """`attempts` at one call; the wait doubles from `first` to `most` seconds, with chance in it so that a fleet does not come at once.

    By default an outage of a minute is waited for. `say` is told in words when one begins, and when it is over.
    """

    attempts: int = 12
    first: float = 0.5
    most: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    say: Callable[[str], None] = lambda words: None

    def wait(self, attempt: int, asked: float | None = None) -> None:
        """Before the next attempt; `asked` for by the service, if it did."""
        own = min(self.most, self.first * 2**attempt) * random.uniform(0.5, 1.0)  # not a secret
        self.sleep(max(own, min(asked, LONGEST)) if asked is not None else own)


def persistent(patience: Patience, url: str, call: Callable[[], Any]) -> Any:
    """What `call` returns, tried again where the connection failed or the service asks to come back.

    `call` returns something with `status` and `headers`. Raises StorageError (`no_connection`) after the last attempt, and at once
    RefusedError (`tls`) where waiting helps nothing.
    """
    for attempt in range(patience.attempts):
        last = attempt + 1 == patience.attempts
        try:
            response = call()
        except httpx.TransportError as error:
            check_tls(error, url)
            if last or isinstance(error, httpx.UnsupportedProtocol):
                raise StorageError(f"no connection to the service: {_words(error)}", code="no_connection", file=url) from error
            _say_once(patience, attempt, _words(error))
            patience.wait(attempt)
            continue
        if response.status not in COME_BACK or last:
            if attempt:
                patience.say("the service answers again")
            return response
        _say_once(patience, attempt, f"status {response.status}")
        patience.wait(attempt, _asked(response))
    raise StorageError("no connection to the service", code="no_connection", file=url)


def _say_once(patience: Patience, attempt: int, why: str) -> None:
    if attempt == 0:
        patience.say(f"no answer from the service ({shorten(why)}); trying again, {patience.attempts - 1} times at most")


def _asked(reply: Any) -> float | None:
    """Seconds of Retry-After; None where it is missing or a date."""
    try:
        return max(0.0, float(reply.headers.get("retry-after", "")))
    except ValueError:
        return None


def _words(error: httpx.TransportError) -> str:
    text = str(error).strip()
    return text if text else type(error).__name__
