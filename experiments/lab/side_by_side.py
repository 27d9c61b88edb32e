"""All methods under all masks on the same splits and seeds: one unit of work a seed, all rows of the side-by-side table.

Rows of group `methods`, by method and mask (methods that no mask acts on have none):

    accuracy/<set>, next_token/<set>, perplexity/<set>   held-out sets of the task
    gap/<set>             accuracy less that of retraining
    tug_of_war            nearness to retraining over forget, retain, personal
    recovered             (method - masked) / (personalised - masked), personal accuracy, under this mask
    of_original           method / personalised, personal accuracy
    masking_cost          of `masked`: personalised - masked, personal accuracy
    membership/auc, membership/tpr_at_1fpr               loss threshold on the forgotten training examples, where the task holds others out
    relearn/steps, relearn/reached; relearn/accuracy with `setting` the steps    under the first mask alone
    certificate/*, chunks/*, moved/energy                details of the methods that are proven
    seconds               of the method itself; what methods share is in group `shared`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from experiments.lab.config import digest_of
from experiments.lab.measures import recovery
from experiments.lab.measures.evaluation import accuracy
from experiments.lab.measures.membership import forgotten
from experiments.lab.measures.relearn import Relearning, steps
from experiments.lab.records import Row, rows_of
from experiments.lab.runner import Unit
from experiments.lab.task import SETS, Task
from experiments.lab.unlearning.methods import METHODS, Outcome
from experiments.lab.unlearning.methods import constants as budgets
from experiments.lab.unlearning.stage import Stage
from zkapex_jax.errors import InputError

GROUP, SHARED = "methods", "shared"

#: These come first: others are read against them.
REFERENCES = ("personalised", "retrain")

DEFAULT_MASKS = ("second-order", "random", "magnitude", "fisher-ratio")

TaskOf = Callable[[int], Task]


def method_units(experiment: str, task: str, task_of: TaskOf, seeds: Iterable[int], masks: Sequence[str] = DEFAULT_MASKS,
                 methods: Sequence[str] = tuple(METHODS), relearning: Relearning | None = Relearning(), kind: str = "vision") -> list[Unit]:  # noqa: B008  # fmt: skip
    """A unit a seed, named `methods-<task>-<seed>`; a task is built (`task_of(seed)`) only when its unit is at work.

    The first mask is the main one: relearning is measured under it alone, or not at all where `relearning` is None. `kind` is that
    of the task: it says whose budgets count among the constants.

    Raises:
        InputError: a method or mask is unknown, or there is none.
    """
    _check(masks, methods)
    constants = digest_of({"budgets": budgets()[kind], "relearning": relearning})
    work = partial(_work, experiment, task, task_of, masks=masks, methods=methods, relearning=relearning)
    return [Unit(f"methods-{task}-{seed}", seed, work(seed), constants) for seed in seeds]


def side_by_side(experiment: str, task: Task, masks: Sequence[str], methods: Sequence[str], relearning: Relearning | None) -> list[Row]:
    """All rows of one seed."""
    return _Comparison(experiment, task, masks, methods, relearning).rows()


def _work(experiment: str, name: str, task_of: TaskOf, seed: int, *, masks: Sequence[str], methods: Sequence[str],
          relearning: Relearning | None) -> Callable[[], list[Row]]:  # fmt: skip
    def work() -> list[Row]:
        task = task_of(seed)
        if (task.name, task.seed) != (name, seed):
            raise InputError(f"is not the task {name} of seed {seed}", code="unit", field="task", value=(task.name, task.seed))
        return side_by_side(experiment, task, masks, methods, relearning)

    return work


class _Comparison:
    """One seed's methods, measured one after the other; no model is kept but those that the stage shares."""

    def __init__(self, experiment: str, task: Task, masks: Sequence[str], methods: Sequence[str], relearning: Relearning | None) -> None:
        self.task, self.stage, self.relearning = task, Stage(task), relearning
        self.masks = masks
        self.methods = [*(name for name in REFERENCES if name in methods), *(name for name in methods if name not in REFERENCES)]
        self._base = {"experiment": experiment, "task": task.name, "seed": task.seed}
        self._accuracy: dict[tuple[str, str], dict[str, float]] = {}

    def rows(self) -> list[Row]:
        found = [
            row for name in self.methods for mask in (self.masks if METHODS[name].masked else ("",)) for row in self._method(name, mask)
        ]
        shared = {f"seconds/{part.replace(' ', '_')}": value for part, value in self.stage.seconds.items()}
        return found + rows_of(self._base | {"group": SHARED}, shared | {"weights": self.stage.layout.weights})

    def _method(self, name: str, mask: str) -> list[Row]:
        outcome = METHODS[name].run(self.stage, mask)
        base = self._base | {"group": GROUP, "method": name, "mask": mask}
        measures = self._measures(name, mask, outcome)
        measures |= {"seconds": outcome.seconds, **outcome.details}
        rows = rows_of(base, measures)
        if self.relearning is not None and mask in ("", self.masks[0]):
            rows += self._relearn(base, outcome.params, self.relearning)
        return rows

    def _measures(self, name: str, mask: str, outcome: Outcome) -> dict[str, float]:
        own = accuracy(self.task, outcome.params)
        self._accuracy[name, mask] = own
        return own | self._against_retraining(own) | self._repair(name, mask, own) | self._attacked(outcome)

    def _attacked(self, outcome: Outcome) -> dict[str, float]:
        if not self.task.holds_out:
            return {}
        attack = forgotten(self.task, outcome.params)
        return {"membership/auc": attack.auc, "membership/tpr_at_1fpr": attack.tpr_at_1fpr}

    def _against_retraining(self, own: dict[str, float]) -> dict[str, float]:
        gold = self._accuracy.get(("retrain", ""))
        if gold is None:
            return {}
        gaps = {f"gap/{part}": own[f"accuracy/{part}"] - gold[f"accuracy/{part}"] for part in SETS}
        return gaps | {"tug_of_war": recovery.tug_of_war(own, gold)}

    def _repair(self, name: str, mask: str, own: dict[str, float]) -> dict[str, float]:
        before = self._accuracy.get(("personalised", ""))
        if before is None:
            return {}
        kept, after = before["accuracy/personal"], own["accuracy/personal"]
        measures = {"of_original": recovery.of_original(kept, after)}
        masked = self._accuracy.get(("masked", mask))
        if name == "masked":
            measures["masking_cost"] = kept - after
        elif METHODS[name].masked and masked is not None:
            measures["recovered"] = recovery.recovered(kept, masked["accuracy/personal"], after)
        return measures

    def _relearn(self, base: dict[str, Any], params: Any, settings: Relearning) -> list[Row]:
        found = steps(self.task, params, self.stage.base, settings)
        rows = rows_of(base, {"relearn/steps": found.steps, "relearn/reached": float(found.reached)})
        for step, value in found.curve:
            rows += rows_of(base | {"setting": str(step)}, {"relearn/accuracy": value})
        return rows


def _check(masks: Sequence[str], methods: Sequence[str]) -> None:
    from experiments.lab.masks import MASKS

    for field, chosen, known in (("methods", methods, METHODS), ("masks", masks, MASKS)):
        if not chosen or (unknown := [name for name in chosen if name not in known]) or len(set(chosen)) != len(chosen):
            raise InputError(f"must be different ones among {', '.join(known)}", code="study", field=field,
                             value=unknown if chosen and unknown else list(chosen))  # fmt: skip
