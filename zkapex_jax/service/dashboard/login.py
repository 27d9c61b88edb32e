"""Who may see the dashboard: whoever holds the provider's token. A cookie that is sealed with it stands for it afterwards."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

COOKIE = "zkapex_dashboard"
#: Seconds until a cookie must be earned anew: a working day.
LIFETIME = 12 * 3600
#: Wrong tokens a minute, from everybody together. The right one always opens: it has 256 bits, and whoever guesses must not shut its owner out.
TRIES = 20
_CONTEXT = b"zkapex.dashboard/1\0"


def new_token() -> str:
    """A fresh token, 256 bits from the system's generator."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What the service's settings keep of a token: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Gate:
    """Knows the token's digest, never the token. Every process that has the same digest opens to the same cookies."""

    digest: str
    _limiter: FixedWindowRateLimiter

    @classmethod
    def of(cls, digest: str) -> Gate:
        """`digest`: SHA-256 of the token, hex, as `digest_of` makes it."""
        return cls(digest, FixedWindowRateLimiter(MemoryStorage()))

    def opens(self, token: str) -> bool:
        """Whether this is the token; compared in constant time, a wrong one counted."""
        right = hmac.compare_digest(digest_of(token), self.digest)
        if not right:
            self._limiter.hit(RateLimitItemPerMinute(TRIES), "token")
        return right

    def is_tired(self) -> bool:
        """Whether there were too many wrong tokens within the last minute."""
        return not self._limiter.test(RateLimitItemPerMinute(TRIES), "token")

    def cookie(self, now: float) -> str:
        """A value for the cookie: the second at which it ends, and its seal."""
        until = str(int(now) + LIFETIME)
        return f"{until}.{self._seal(until)}"

    def admits(self, cookie: str | None, now: float) -> bool:
        """Whether this process, or another with the same token, made the cookie, and it has not ended."""
        until, _, seal = (cookie or "").partition(".")
        if not hmac.compare_digest(self._seal(until).encode(), seal.encode()):
            return False
        return int(until) > now

    def _seal(self, until: str) -> str:
        return hmac.new(bytes.fromhex(self.digest), _CONTEXT + until.encode(), hashlib.sha256).hexdigest()
