"""The head of a provider's ledger at a moment, signed, for publishing: who keeps one can tell later whether history was rewritten."""

from __future__ import annotations

from typing import ClassVar

from zkapex_jax.protocol.fields import Hex32, Sequence
from zkapex_jax.protocol.statement import Statement


class LedgerHead(Statement):
    """`head` seals the first `sequence` events, and so all that the ledger held at `time`."""

    kind: ClassVar[str] = "ledger-head"

    sequence: Sequence
    head: Hex32
