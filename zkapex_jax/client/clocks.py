"""How far this machine's clock is from the service's, in words: signed calls are good for some minutes alone."""

from __future__ import annotations

import time
from datetime import UTC
from email.utils import parsedate_to_datetime


def clock_words(date: str | None, now: float | None = None) -> str:
    """Said after a call that was too old, or of the future; `date`: the answer's own (RFC 9110). Empty where it tells nothing."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return ""
    apart = round((time.time() if now is None else now) - theirs.replace(tzinfo=theirs.tzinfo or UTC).timestamp())
    if abs(apart) < 2:
        return ""
    return f": this machine's clock is {_span(abs(apart))} {'ahead of' if apart > 0 else 'behind'} the service's"


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")) if count]
    return " ".join(parts[:2])
