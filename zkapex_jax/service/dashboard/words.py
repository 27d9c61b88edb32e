"""The fleet in words: what each status means, how long ago something was, and what to do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zkapex_jax.ledger.fleet import Status

FORMAT = "%Y-%m-%dT%H:%M:%SZ"

TITLES: dict[Status, str] = {
    "complied": "Complied",
    "pending": "Waiting",
    "late": "Late",
    "refused": "Refused",
    "not_enrolled": "Not enrolled",
}

#: The order in which the page lists them: what needs the provider's eye first comes after what is done.
ORDER: tuple[Status, ...] = ("complied", "pending", "late", "refused", "not_enrolled")

MEANINGS: dict[Status, str] = {
    "complied": "a proof was accepted",
    "pending": "asked, still in time",
    "late": "asked, out of time",
    "refused": "a proof failed",
    "not_enrolled": "not asked",
}

ADVICE: dict[Status, str] = {
    "complied": "Nothing to do. The receipt says so to anyone who holds your public key.",
    "pending": "Nothing to do yet. The client sees the request the next time that it asks for it.",
    "late": "Remind the client: `zkapex client unlearn`, then `zkapex client send`. It may still answer as long as the request is open.",
    "refused": "The client is not locked out: it may repair and send again. If it fails twice, ask for its program's version, "
    "and look at the bundle with `zkapex inspect`.",
    "not_enrolled": "Only a client that was admitted before the request was published is bound by it. Enrolled clients are asked by your next request.",
}


def moment(text: str) -> datetime:
    """A time as the ledger writes it."""
    return datetime.strptime(text, FORMAT).replace(tzinfo=UTC)


def text_of(when: datetime) -> str:
    return when.astimezone(UTC).strftime(FORMAT)


def ago(text: str | None, now: datetime) -> str:
    """just now, 5 min ago, 3 h ago, 12 days ago; a dash for never."""
    if text is None:
        return "–"
    passed = now - moment(text)
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed.seconds // 60} min ago"
    if passed < timedelta(days=2):
        return f"{int(passed.total_seconds()) // 3600} h ago"
    return f"{passed.days:,} days ago"


def on(text: str | None) -> str:
    """2026-11-21 20:15 UTC, for those who want to know exactly."""
    return "never" if text is None else moment(text).strftime("%Y-%m-%d %H:%M UTC")


def span(length: timedelta) -> str:
    """14 days, 1 day, 6 hours."""
    count, unit = (length.days, "day") if length >= timedelta(days=1) else (int(length.total_seconds()) // 3600, "hour")
    return f"{count} {unit}" if count == 1 else f"{count:,} {unit}s"


def percent(part: int, whole: int) -> str:
    """Never 100 % or 0 % unless it is all or none."""
    if not whole:
        return "–"
    if 0 < part < whole:
        return f"{min(max(100 * part / whole, 0.1), 99.9):.1f} %"
    return "100 %" if part else "0 %"
