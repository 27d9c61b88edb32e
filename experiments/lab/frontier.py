"""How recovery depends on how the client makes its gradient rows, on how many, on the size of a chunk and on the damping.

Floats, so that nothing but these differs; the task is that of the methods, its models trained once for all units.
Rows of group `ablation/rows` and `ablation/damping`, `setting` what is changed, methods `masked` and `zkapex-float`; and `proof`, what
the proof of such an answer costs, measured on chunks of one seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from experiments.lab.command import ROOT
from experiments.lab.compensation import FLOAT, Compensation, compensate
from experiments.lab.compensation.rows import provider_rows
from experiments.lab.measures import recovery
from experiments.lab.measures.evaluation import accuracy
from experiments.lab.proof_cost import Size, proof_cost
from experiments.lab.records import Row, rows_of
from experiments.lab.row_choice import SKETCH, Rows
from experiments.lab.task import Task
from experiments.lab.unlearning.stage import Stage

MASK = "second-order"
CACHE = ROOT / "runs" / "cache"
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


def proof_rows(experiment: str, task: Task, frontier: Frontier, cache: Path = CACHE) -> list[Row]:
    """What the answer's proof costs with the task's own rows and with each other choice, with the measures of `lab.proof_cost`.

    Equal sizes are proven once.
    """
    stage, costs, rows = Stage(task), {}, []
    mask = stage.mask(MASK)
    for choice in dict.fromkeys((Choice(task.preset, task.rows), *frontier.choices)):
        own = stage.variant(preset=choice.preset, rows=choice.rows)
        sizes = own.preset
        if sizes.name not in costs:
            size = Size(sizes.k, sizes.lanes, sizes.client_rows, sizes.forget_rows)
            forget = provider_rows(stage, mask, replace(FLOAT, count=sizes.forget_rows))
            costs[sizes.name] = proof_cost(stage, mask, own.rows, forget, size, cache)
        base = {"experiment": experiment, "task": task.name, "seed": task.seed, "mask": MASK, "group": "ablation/rows", "method": "proof"}
        rows += rows_of(base | {"setting": choice.name, "variant": sizes.name}, costs[sizes.name])
    return rows


def _points(stage: Stage, frontier: Frontier) -> Iterator[tuple[str, str, Stage, Compensation]]:
    for choice in frontier.choices:
        own = stage.variant(preset=choice.preset, rows=choice.rows)
        yield "rows", choice.name, own, replace(FLOAT, count=own.preset.forget_rows)
    for over, under in frontier.damping:
        yield "damping", f"{over / under:g}", stage, replace(FLOAT, count=stage.preset.forget_rows, damping_factor=Fraction(over, under))


def _zeroed(stage: Stage, mask: np.ndarray) -> np.ndarray:
    weights = stage.weights.copy()
    weights[mask] = 0.0
    return weights
