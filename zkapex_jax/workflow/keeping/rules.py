"""How long a provider keeps what nothing rests on any more."""

from __future__ import annotations

from dataclasses import dataclass

DAY = 24 * 3600.0


@dataclass(frozen=True)
class Keep:
    """`evidence`: seconds that a refused bundle is kept, and `evidence_bytes` of one client together; the oldest go first.

    `idle`: seconds in which nobody asked for a file, before it may go. Whoever judges a file asks for it when it begins, and no
    judgement takes so long.
    """

    evidence: float = 90 * DAY
    evidence_bytes: int = 1 << 30
    idle: float = DAY
