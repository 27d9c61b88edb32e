"""Every error that a user can cause: its stable code, what it means in one sentence, and what to do next.

A test reads all codes from the source and refuses one that is not here; ``docs/faq.md`` is written from these entries by
``python -m zkapex_jax.catalogue``, and ``zkapex explain CODE`` prints one.
"""

from __future__ import annotations

import difflib

from zkapex_jax.catalogue.entry import Entry, Group
from zkapex_jax.catalogue.files import FILES
from zkapex_jax.catalogue.machine import CLUSTER, MACHINE
from zkapex_jax.catalogue.models import MODELS, STATEMENT
from zkapex_jax.catalogue.protocol import REFUSALS
from zkapex_jax.catalogue.service import CLIENT, PROVIDER, SERVICE

GROUPS: tuple[Group, ...] = (FILES, MODELS, STATEMENT, REFUSALS, CLIENT, SERVICE, PROVIDER, MACHINE, CLUSTER)
ENTRIES: tuple[Entry, ...] = tuple(entry for group in GROUPS for entry in group.entries)

_EXACT = {entry.code: entry for entry in ENTRIES}

__all__ = ["ENTRIES", "GROUPS", "Entry", "Group", "find_entry", "similar_codes"]


def find_entry(code: str) -> Entry | None:
    """The entry of a code, else that of its family; None if the catalogue does not know it."""
    exact = _EXACT.get(code)
    return exact or next((entry for entry in ENTRIES if entry.is_family and entry.covers(code)), None)


def similar_codes(code: str, count: int = 3) -> list[str]:
    """Codes that may have been meant."""
    return difflib.get_close_matches(code, list(_EXACT), n=count, cutoff=0.5)
