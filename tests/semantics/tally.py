"""Counts of what the tests of this folder tried, printed at the end of a run; and how much they try."""

import os
from collections import Counter

#: `make semantics` raises it: each property is then tried that many times as often.
EFFORT = int(os.environ.get("ZKAPEX_SEMANTICS_EFFORT", "1"))

COUNTS: Counter[str] = Counter()


def count(what: str, number: int = 1) -> None:
    """Add to the count of one kind of attempt."""
    COUNTS[what] += number
