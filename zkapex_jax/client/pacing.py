"""How large the pieces of an upload are: as many bytes as the link takes in some seconds.

A piece counts whole or not at all. On a slow link a large one would be given up before it is through, again and again; small ones
cost a round trip each. So they start small, grow while they arrive soon, and shrink when they do not.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Bytes of the first piece, and of the smallest.
FIRST, SMALLEST = 1 << 18, 1 << 14
#: Seconds that a piece should take: well within what servers and proxies wait for one, and a bar that moves.
WANTED = 5.0


@dataclass
class Pace:
    """`most` bytes in one piece, as the service says; less once something on the way refuses so many."""

    most: int
    size: int = FIRST

    def __post_init__(self) -> None:
        self.size = min(self.size, self.most)

    def through(self, count: int, seconds: float) -> None:
        """A piece of `count` bytes arrived: the next takes about WANTED seconds, and is at most twice as large."""
        fits = round(count * WANTED / max(seconds, 1e-3))
        self.size = max(min(fits, 2 * self.size, self.most), min(SMALLEST, self.most))

    def lost(self) -> None:
        """A piece did not arrive."""
        self.size = max(self.size // 2, min(SMALLEST, self.most))

    def refused(self, count: int) -> bool:
        """So many bytes are not taken at once; False if they are the fewest that are tried."""
        if count <= SMALLEST:
            return False
        self.most = max(count // 2, SMALLEST)
        self.size = min(self.size, self.most)
        return True
