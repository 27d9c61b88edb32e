"""What became of the trials: a record, and the table that is printed from it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

KINDS = {
    "kill": "kill -9, the command and its prover",
    "kill-one": "kill -9, one of the two",
    "torn": "kill -9 in the middle of a write",
    "power": "power cut: some of what was not synced is lost",
    "power-worst": "power cut: all of it is lost",
    "full": "disk full from some write on",
    "eio": "one operation fails (EIO)",
    "frozen": "read-only from some change on, or from the start",
    "cut": "a new file cut short, or ending in zeros",
    "two at once": "two processes at once",
    "two, one killed": "two processes at once, one killed",
    "clock": "clock years off, and running backwards",
    "killed often": "killed up to 8 times in a row",
}


def summary(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a kind: trials, how commands ended, how they ended when run again, and trials with anything wrong."""
    rows: dict[str, dict[str, Any]] = defaultdict(lambda: {"trials": 0, "ended": Counter(), "again": Counter(), "wrong": 0})
    for record in records:
        kind = "cut" if record["trial"]["fault"].startswith("cut ") else record["trial"]["fault"]
        row = rows[kind]
        row["trials"] += 1
        row["ended"][record["ended"]] += 1
        row["again"][record["again"]] += 1
        row["wrong"] += bool(record["wrong"])
    return [{"fault": kind, **rows[kind], "ended": dict(rows[kind]["ended"]), "again": dict(rows[kind]["again"])} for kind in KINDS if kind in rows]


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows as Markdown, with their sum."""
    lines = ["| fault | trials | the command | run again | wrong |", "| --- | --- | --- | --- | --- |"]
    rows = list(rows)
    for row in rows:
        lines.append(f"| {KINDS[row['fault']]} | {row['trials']} | {_counts(row['ended'])} | {_counts(row['again'])} | {row['wrong']} |")
    total, wrong = sum(row["trials"] for row in rows), sum(row["wrong"] for row in rows)
    lines.append(f"| all | {total} | | | {wrong} |")
    return "\n".join(lines)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
