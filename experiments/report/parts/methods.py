"""The methods side by side: one table a task, and what compensation recovers."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.lab.measures import recovery
from experiments.report import words
from experiments.report.section import Block
from experiments.report.study import Series, Tables, by_seed, compared, less, recovered, spread, together
from experiments.report.table import Table

SETS = ("forget", "retain", "personal")

#: Column -> (measure, places, factor).
FURTHER = {
    "attack, AUC": ("membership/auc", 3, 1.0),
    "TPR at 1 % FPR": ("membership/tpr_at_1fpr", 3, 1.0),
    "relearn, steps (≥: the cap cut seeds short)": ("relearn/steps", 0, 1.0),
    "seconds": ("seconds", 1, 1.0),
}  # fmt: skip


#: The same of what is proven. Distances are those of the whole vector of target weights from the exact optimum of the integers.
CERTIFIED = {
    "certified distance, 10⁻³": ("certificate/certified", 2, 1e3),
    "true distance, 10⁻³": ("certificate/true", 2, 1e3),
    "chunks to prove": ("chunks/touched", 0, 1.0),
    "of": ("chunks/total", 0, 1.0),
    "Σδ² over the masked weights' energy": ("moved/energy", 2, 1.0),
}  # fmt: skip


class Methods:
    """One task of a study: series of a method under a mask. Methods that no mask acts on have theirs under none."""

    def __init__(self, found: Tables, task: str) -> None:
        self.task = task
        self.frame = found.select(found.methods()[task], group="methods", task=task)

    @property
    def names(self) -> list[str]:
        """Methods measured, in the report's order."""
        return words.in_order(words.METHODS, list(self.frame["method"]))

    @property
    def masks(self) -> list[str]:
        """Masks measured, in the report's order."""
        return [mask for mask in words.in_order(words.MASKS, list(self.frame["mask"])) if mask]

    def series(self, method: str, measure: str, mask: str = words.MASK) -> Series:
        """Value by seed; empty if it was not measured."""
        rows = self.frame[self.frame["method"] == method]
        return by_seed(rows[rows["mask"].isin([mask if mask in set(rows["mask"]) else ""])], measure)

    def gap(self, method: str, mask: str = words.MASK, of: str = "forget") -> Series:
        """Accuracy of a method less that of retraining."""
        measure = f"accuracy/{of}"
        return less(self.series(method, measure, mask), self.series("retrain", measure))

    def recovered(self, method: str, mask: str = words.MASK) -> recovery.Share | None:
        """Share of what masking cost that is given back; None where it cost less than a point, or seeds are too few."""
        return recovered(*(self.series(name, "accuracy/personal", mask) for name in ("personalised", "masked", method)))

    def of_original(self, method: str, mask: str = words.MASK) -> Series:
        """Share of the personalised accuracy that the method keeps: the paper's abstract counts so."""
        before, after = self.series("personalised", "accuracy/personal"), self.series(method, "accuracy/personal", mask)
        kept = zip(sorted(set(before) & set(after)), *together(before, after), strict=True)
        return {seed: recovery.of_original(first, second) for seed, first, second in kept}

    def tug_of_war(self, method: str, mask: str = words.MASK) -> Series:
        """Nearness to retraining over all three sets, 0 to 1."""
        own, gold = ({name: self.series(of, f"accuracy/{name}", mask) for name in SETS} for of in (method, "retrain"))
        seeds = set.intersection(*(set(series) for part in (own, gold) for series in part.values()))
        return {
            seed: recovery.tug_of_war(*({name: series[seed] for name, series in part.items()} for part in (own, gold)))
            for seed in sorted(seeds)
        }


def blocks(found: Tables) -> tuple[Block, ...]:
    """Up to four tables a task: accuracies with recovery; nearness to retraining, attacks and time; the tests of these; what the proof certifies."""
    tasks = [Methods(found, task) for task in found.methods()]
    return tuple(block for task in tasks for block in (_accuracies(task), _distances(task), *_tests(task), *_certificates(task)))


def _accuracies(task: Methods) -> Block:
    rows = []
    for method in task.names:
        share = task.recovered(method) if method in REPAIRS else None
        rows.append((
            words.title(words.METHODS, method),
            *(words.spread(spread(task.series(method, f"accuracy/{name}")), 1, 100) for name in SETS),
            f"{words.number(100 * share.value, 0)} ({words.interval(share.low, share.high, 0, 100)})" if share else "–",
            words.spread(spread(task.of_original(method)), 1, 100) if method not in ("base", "personalised") else "–",
        ))  # fmt: skip
    header = ("accuracy, %", *SETS, "recovered of what masking cost, %", "of the personalised accuracy, %")
    return Block(f"{task.task}: accuracy, mask by {words.title(words.MASKS, words.MASK)}", Table(header, tuple(rows), _strong(task)))


def _distances(task: Methods) -> Block:
    further = {title: part for title, part in FURTHER.items() if part[0] in set(task.frame["measure"])}
    rows = [
        (
            words.title(words.METHODS, method),
            words.spread(spread(task.gap(method)), 1, 100),
            words.spread(spread(task.tug_of_war(method)), 3),
            *(_relearn(task, method) if measure == "relearn/steps" else words.spread(spread(task.series(method, measure)), digits, factor)
              for measure, digits, factor in further.values()),
        )
        for method in task.names
    ]
    header = ("", "forget accuracy less retraining's, points", "tug of war", *further)
    return Block(f"{task.task}: how near to retraining, and what an attacker sees", Table(header, tuple(rows), _strong(task)))


def _tests(task: Methods) -> tuple[Block, ...]:
    """Whether methods differ from ours in nearness to retraining, and from retraining in what an attacker sees."""
    rows = []
    for method in task.names:
        near = None if method in ("zkapex", "retrain") else compared(task.tug_of_war(method), task.tug_of_war("zkapex"))
        seen = None if method == "retrain" else compared(*(task.series(name, "membership/auc") for name in (method, "retrain")))
        if near or seen:
            rows.append((words.title(words.METHODS, method), *(cell for part in (near, seen) for cell in (words.difference(part, 3, 1.0), words.p_values(part)))))
    header = ("difference (95 % interval)", "tug of war, less ZK-APEX's as proven", "tests", "attack's AUC, less retraining's", "tests")
    return (Block(f"{task.task}: differences tested over seeds", Table(header, tuple(rows))),) if rows else ()


def _relearn(task: Methods, method: str) -> str:
    """Mean steps until the goal; where the cap cut seeds short their mean is a lower bound, and has no deviation worth telling."""
    steps, reached = task.series(method, "relearn/steps"), task.series(method, "relearn/reached")
    short = sum(reached.get(seed) == 0.0 for seed in steps)
    found = spread(steps)
    return words.spread(found, 0) if found is None or not short else f"≥ {words.number(found.mean, 0)}, {short} of {len(steps)} cut short"


def _certificates(task: Methods) -> tuple[Block, ...]:
    """What the proof says of the distance from the exact optimum, and how far it truly was."""
    measured = [method for method in task.names if task.series(method, "certificate/certified")]
    rows = tuple((
        words.title(words.METHODS, method),
        *(words.spread(spread(task.series(method, measure)), digits, factor) for measure, digits, factor in CERTIFIED.values()),
    ) for method in measured)  # fmt: skip
    return (Block(f"{task.task}: what the proof certifies", Table(("", *CERTIFIED), rows, _strong(task, measured))),) if rows else ()


#: What masking cost is a question to those that mask.
REPAIRS = ("zkapex-float", "zkapex", "zkapex-plain")


def _strong(task: Methods, names: Sequence[str] | None = None) -> tuple[int, ...]:
    return tuple(index for index, method in enumerate(task.names if names is None else names) if method == "zkapex")
