"""How recovery depends on how the client makes its gradient rows, on how many, on the size of a chunk and on the damping.

Floats, so that nothing but these differs; the task is that of the methods, its models trained once for all units.
Rows of group `ablation/rows` and `ablation/damping`, `setting` what is changed, methods `masked` and `zkapex-float`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from experiments.lab.compensation import FLOAT, Compensation, compensate
from experiments.lab.measures import recovery
from experiments.lab.measures.evaluation import accuracy
from experiments.lab.records import Row, rows_of
from experiments.lab.row_choice import SKETCH, Rows
from experiments.lab.task import Task
from experiments.lab.unlearning.stage import Stage

MASK = "second-order"
_PERSONAL = "accuracy/personal"


@dataclass(frozen=True)
class Choice:
    """Rows of the kind, in a statement of the preset's sizes."""

    preset: str
    rows: Rows

    @property
    def name(self) -> str:
        """As tables name it."""
        return f"{self.preset}, {self.rows.kind}" + (f" of {self.rows.draws}" if self.rows.kind == SKETCH else "")


@dataclass(frozen=True)
class Frontier:
    """Choices of rows at the product's damping; damping factors, as (numerator, denominator), with the task's own rows."""

    choices: tuple[Choice, ...]
    damping: tuple[tuple[int, int], ...]


def frontier_rows(experiment: str, task: Task, frontier: Frontier) -> list[Row]:
    """All rows of one seed."""
    stage = Stage(task)
    base = {"experiment": experiment, "task": task.name, "seed": task.seed, "mask": MASK}
    before = accuracy(task, stage.tuned)
    mask = stage.mask(MASK)
    masked = accuracy(task, stage.with_weights(_zeroed(stage, mask)))
    rows: list[Row] = []
    for axis, setting, own_stage, choice in _points(stage, frontier):
        outcome = compensate(own_stage, mask, choice)
        own = accuracy(task, outcome.params)
        share = recovery.recovered(before[_PERSONAL], masked[_PERSONAL], own[_PERSONAL])
        own |= {"recovered": share, "of_original": recovery.of_original(before[_PERSONAL], own[_PERSONAL]), "seconds": outcome.seconds}
        here = base | {"group": f"ablation/{axis}", "setting": setting}
        rows += rows_of(here | {"method": "masked"}, masked) + rows_of(here | {"method": "zkapex-float"}, own)
    return rows


def _points(stage: Stage, frontier: Frontier) -> Iterator[tuple[str, str, Stage, Compensation]]:
    for choice in frontier.choices:
        yield "rows", choice.name, stage.variant(preset=choice.preset, rows=choice.rows), FLOAT
    for over, under in frontier.damping:
        yield "damping", f"{over / under:g}", stage, replace(FLOAT, damping_factor=Fraction(over, under))


def _zeroed(stage: Stage, mask: np.ndarray) -> np.ndarray:
    weights = stage.weights.copy()
    weights[mask] = 0.0
    return weights
