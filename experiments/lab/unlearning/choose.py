"""Choose the budgets of the methods that train: every point of a grid on seeds that no study reports.

The figure is the tug-of-war score (nearness to retraining over forget, retain and personal accuracy), the mean over seeds:
the measure that the methods are later judged by, so that each is given its best case. `methods/settings.py` holds what was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import mean
from typing import Any

from experiments.lab.config import CHOOSING_SEEDS
from experiments.lab.measures import recovery
from experiments.lab.measures.evaluation import accuracy
from experiments.lab.task import SETS, Task
from experiments.lab.unlearning.methods.settings import Ascent, FineTuning, Scrub
from experiments.lab.unlearning.methods.training import ascend, distil, fine_tune
from experiments.lab.unlearning.stage import Stage
from zkapex_jax.errors import InputError

Setting = FineTuning | Ascent | Scrub

#: What was tried of each method; of ascent on language `LANGUAGE_ASCENT` as well, for all rates here but the least destroy its models.
GRID: dict[str, tuple[Setting, ...]] = {
    "finetune-retain": tuple(FineTuning(*point) for point in product((0.05, 0.1, 0.2), (0.3, 1.0))),
    "gradient-ascent": tuple(Ascent(*point) for point in product((0.5, 1.0, 3.0), (0.03, 0.1, 0.3))),
    "scrub": tuple(Scrub(0.1, 5, rounds, rate, 0.5, 1.0) for rounds, rate in product((1, 3), (0.1, 0.3, 1.0))),
}

LANGUAGE_ASCENT = tuple(Ascent(*point) for point in product((0.05, 0.1, 0.25, 0.5), (0.01, 0.03)))

_RUNS: dict[str, Callable[[Task, Any, Any], Any]] = {"finetune-retain": fine_tune, "gradient-ascent": ascend, "scrub": distil}


@dataclass(frozen=True)
class Tried:
    """A setting and its means over seeds: tug-of-war score, and accuracy on each set."""

    method: str
    setting: Setting
    score: float
    accuracy: dict[str, float]


def tried(task_of: Callable[[int], Task], seeds: Sequence[int], methods: Iterable[str] = tuple(GRID)) -> list[Tried]:
    """Every setting of the methods' grids for the task's kind, best score first within a method.

    Raises:
        InputError: a seed is one that studies report.
    """
    if not seeds or min(seeds) < CHOOSING_SEEDS:
        raise InputError(f"constants are chosen on seeds from {CHOOSING_SEEDS} on", code="study", field="seeds", value=list(seeds))
    stages = [Stage(task_of(seed)) for seed in seeds]
    gold = [accuracy(stage.task, stage.retrained_tuned) for stage in stages]
    found = []
    for method in methods:
        each = [_try(method, setting, stages, gold) for setting in _grid(method, stages[0].task.kind)]
        found += sorted(each, key=lambda one: -one.score)
    return found


def _grid(method: str, kind: str) -> tuple[Setting, ...]:
    return GRID[method] + (LANGUAGE_ASCENT if (method, kind) == ("gradient-ascent", "language") else ())


def _try(method: str, setting: Setting, stages: Sequence[Stage], gold: Sequence[dict[str, float]]) -> Tried:
    own = [accuracy(stage.task, _RUNS[method](stage.task, stage.tuned, setting)) for stage in stages]
    score = mean(recovery.tug_of_war(mine, theirs) for mine, theirs in zip(own, gold, strict=True))
    return Tried(method, setting, score, {name: mean(mine[f"accuracy/{name}"] for mine in own) for name in SETS})
