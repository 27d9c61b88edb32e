"""By which code a call was refused: said where the answer is made, asked where the call is counted."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Noted:
    """Of one call."""

    code: str = ""


_CALL: ContextVar[Noted | None] = ContextVar("zkapex_call", default=None)


def begin() -> Noted:
    """For the call that this task answers, its threads included."""
    noted = Noted()
    _CALL.set(noted)
    return noted


def refused(code: str) -> None:
    """The call at hand is answered with this error."""
    noted = _CALL.get()
    if noted is not None:
        noted.code = code
