"""Estimated beside measured, figure by figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zkapex_jax.workflow.costs.estimating import Estimate
from zkapex_jax.workflow.costs.walk import PAYERS, Walked

#: What an estimate may be off by.
LIMIT = 0.2

#: Totals of time, by the beginning of who pays.
_TOTALS = {"once a fleet": "fleet", "enrolment": "client, once", "answer": "client, each answer"}
_MEGABYTE = 1e6


def compare(guess: Estimate, walked: Walked, peak: int, kept: Mapping[str, int]) -> list[dict[str, Any]]:
    """Rows {name, estimated, measured, ratio, judged}: seconds, then megabytes. `peak`: of the client's folder, `kept`: at the end."""
    seconds = {step.step: step.seconds for step in guess.steps}
    rows = [_row(f"{step}, s", seconds[step], walked.steps[step].seconds) for step in PAYERS]
    for name, payer in _TOTALS.items():
        names = [step for step, paid in PAYERS.items() if paid.startswith(payer)]
        rows.append(_row(f"{name}, s", sum(seconds[step] for step in names), sum(walked.steps[step].seconds for step in names), True))
    rows += [_row(f"{name}, s", seconds[name], walked.steps[name].seconds, True) for name in ("prove", "verify")]
    memory = max(step.memory_bytes or 0 for step in walked.steps.values())
    return [
        *rows,
        _row("memory, MB", guess.memory_bytes / _MEGABYTE, memory / _MEGABYTE, True),
        _row("client's disk, MB", guess.disk.client / _MEGABYTE, kept["client"] / _MEGABYTE, True),
        _row("  while enrolling, MB", guess.disk.client_draft / _MEGABYTE, peak / _MEGABYTE, True),
        _row("provider's disk, MB", guess.disk.provider / _MEGABYTE, kept["provider"] / _MEGABYTE, True),
        _row("bundle, MB", guess.disk.bundle / _MEGABYTE, walked.bundle_bytes / _MEGABYTE, True),
    ]


def judged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that must be within the limit."""
    return [row for row in rows if row["judged"]]


def _row(name: str, estimated: float, measured: float, judge: bool = False) -> dict[str, Any]:
    return {"name": name, "estimated": estimated, "measured": measured, "ratio": estimated / measured, "judged": judge}
