"""Counts that outlive processes: each is moved by the transaction that does what it counts, or not at all.

A handful of rows, read whole. Locks: a transaction takes the rows of tallies last, and in one order, so that no two wait for each
other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from zkapex_jax.service.messages import Outcome
from zkapex_jax.service.store import Store
from zkapex_jax.service.tables import Tally

#: Labels: kind/outcome; kind/bucket; kind; kind/why; bytes or files.
ENDED, SECONDS, MILLISECONDS, FAULTS, EVIDENCE = "ended", "seconds", "milliseconds", "faults", "evidence"
#: Why an attempt at a job came to nothing: a fault of ours, or its worker fell silent.
FAILED, LOST = "failed", "worker_lost"
#: Upper bounds of what a job took, seconds; the last bucket has none. A row is kept by bucket, so the list may grow, but not move.
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0)
ABOVE = "+Inf"
Key = tuple[str, str]


def add(session: Session, amounts: Mapping[Key, int]) -> None:
    """Within the caller's transaction, as the last thing that it does."""
    table = Tally.__table__
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.flush()
    for (name, label), amount in sorted(amounts.items()):
        row = insert(table).values(name=name, label=label, value=amount)
        session.execute(row.on_conflict_do_update(index_elements=["name", "label"], set_={"value": table.c.value + row.excluded.value}))


def ended(session: Session, kind: str, outcome: Outcome, seconds: float) -> None:
    """A job that came to its end, however it was judged."""
    said = "unjudged" if outcome.error is not None else "accepted" if outcome.accepted else "refused"
    add(session, {(ENDED, f"{kind}/{said}"): 1, (SECONDS, f"{kind}/{bucket(seconds)}"): 1, (MILLISECONDS, kind): round(1000 * seconds)})


def fault(session: Session, kind: str, why: str) -> None:
    """An attempt at a job that came to nothing."""
    add(session, {(FAULTS, f"{kind}/{why}"): 1})


def evidence(session: Session, files: int, size: int) -> None:
    """So many more files and bytes of refused bundles are kept; negative: fewer."""
    if files or size:
        add(session, {(EVIDENCE, "files"): files, (EVIDENCE, "bytes"): size})


def bucket(seconds: float) -> str:
    """The least bound that is not less, as the exposition writes it."""
    place = bisect_left(BOUNDS, seconds)
    return str(BOUNDS[place]) if place < len(BOUNDS) else ABOVE


def read(store: Store) -> dict[Key, int]:
    """All of them; what was never counted is absent."""
    with store.read() as session:
        return {(name, label): value for name, label, value in session.execute(select(Tally.name, Tally.label, Tally.value))}
