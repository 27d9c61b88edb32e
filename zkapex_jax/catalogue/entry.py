"""One line of the catalogue, and the groups that the page shows them in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A stable code, what it means in one sentence, and what to do next.

    A code that ends with `*` stands for all codes that begin so (``mismatch_*``): an entry of its own comes before it.
    """

    code: str
    meaning: str
    next: str

    @property
    def is_family(self) -> bool:
        return self.code.endswith("*")

    def covers(self, code: str) -> bool:
        """Whether the entry explains this code."""
        return code.startswith(self.code[:-1]) if self.is_family else code == self.code


@dataclass(frozen=True)
class Group:
    """Entries that belong together, under a heading, in the order in which a page lists them."""

    name: str
    words: str
    entries: tuple[Entry, ...]
