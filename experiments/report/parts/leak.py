"""What compensation brings back of what masking took, with and without the provider's forget rows."""

from __future__ import annotations

from experiments.lab.measures.statistics import Paired
from experiments.report import words
from experiments.report.parts import ablations
from experiments.report.parts.methods import Methods
from experiments.report.section import Block
from experiments.report.study import Series, Tables, compared
from experiments.report.table import Table

#: Compared pairs: (method, what it is compared with, what the difference says).
PAIRS = (
    ("zkapex-plain", "masked", "without forget rows, less masked only"),
    ("zkapex", "masked", "with forget rows, less masked only"),
    ("zkapex", "zkapex-plain", "with forget rows, less without"),
)

#: What methods are called on the axis of the ablations that changes the kind of forget rows.
_SETTINGS = {"zkapex-plain": "none", "zkapex": "masked-base"}


def blocks(found: Tables) -> tuple[Block, ...]:
    """One table: forget and personal accuracy of each pair, by task; of the ablations, tasks that no other study has."""
    tasks = {name: _of_methods(Methods(found, name)) for name in found.methods()}
    tasks |= {f"{name} (ablations)": _of_axis(found, name) for name in ablations.tasks(found) if name not in tasks}
    rows = [(name, *row) for name, series in tasks.items() for row in _rows(series)]
    header = ("task", "difference, points (95 % interval)", "forget accuracy", "tests", "personal accuracy", "tests")
    return (Block("", Table(header, tuple(rows), texts=2)),) if rows else ()


#: method -> set -> accuracy by seed.
_Accuracies = dict[str, dict[str, Series]]


def _of_methods(task: Methods) -> _Accuracies:
    return {method: {name: task.series(method, f"accuracy/{name}") for name in ("forget", "personal")} for method in ("masked", *_SETTINGS)}


def _of_axis(found: Tables, task: str) -> _Accuracies:
    points = {point.setting: point for point in ablations.points(found, task, "forget-rows")}
    chosen = {method: points[setting] for method, setting in _SETTINGS.items() if setting in points}
    accuracies = {method: {"forget": point.forget, "personal": point.personal} for method, point in chosen.items()}
    for point in chosen.values():
        accuracies["masked"] = {"forget": point.forget_masked, "personal": point.masked}
    return accuracies


def _rows(accuracies: _Accuracies) -> list[tuple[str, ...]]:
    rows = []
    for method, other, meaning in PAIRS:
        if method in accuracies and other in accuracies:
            parts: list[Paired | None] = [compared(accuracies[method][of], accuracies[other][of]) for of in ("forget", "personal")]
            if any(parts):
                rows.append((meaning, *(cell for part in parts for cell in (words.difference(part), words.p_values(part)))))
    return rows
