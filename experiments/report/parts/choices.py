"""What other rows, other chunks and more damping do, and what the proof of each choice costs: the frontier of one task."""

from __future__ import annotations

from experiments.report import words
from experiments.report.section import Block
from experiments.report.study import STUDIES, Series, Tables, by_seed, less, ordered, recovered, spread
from experiments.report.table import Table

_AXIS = "ablation/"
_AXES = (f"{_AXIS}rows", f"{_AXIS}damping")
_HEADER = ("changed", "to", "personal, %", "recovered, % (95 % interval)", "leak, points", "chunks to prove", "prove, s", "proof, kB", "enrol, s")


def blocks(found: Tables) -> tuple[Block, ...]:
    """A table for each task whose rows were varied."""
    tasks = [(study, task) for study in STUDIES if study in found for task in ordered(found.select(study, group=_AXES[0])["task"])]
    return tuple(_block(found, study, task) for study, task in tasks)


def _block(found: Tables, study: str, task: str) -> Block:
    before = by_seed(found.select(study, task=task, group="methods", method="personalised"), "accuracy/personal")
    rows = [
        (axis.removeprefix(_AXIS), _name(setting), *_cells(found, study, task, axis, setting, before))
        for axis in _AXES
        for setting in ordered(found.select(study, task=task, group=axis)["setting"])
    ]
    return Block(f"{task}: other rows, other chunks and other damping, floats", Table(_HEADER, tuple(rows), texts=2))


def _cells(found: Tables, study: str, task: str, axis: str, setting: str, before: Series) -> tuple[str, ...]:
    frame = found.select(study, task=task, group=axis, setting=setting)
    series = lambda method, name: by_seed(frame[frame["method"] == method], f"accuracy/{name}")  # noqa: E731
    proof = frame[frame["method"] == "proof"]
    if len(proof) == len(frame):  # the task's own rows: what they do was measured with the methods
        frame = found.select(study, task=task, group="methods", mask=proof["mask"].iloc[0])
    masked, repaired = series("masked", "personal"), series("zkapex-float", "personal")
    leak = less(series("zkapex-float", "forget"), series("masked", "forget"))
    cost = dict(zip(proof["measure"], proof["value"], strict=True))
    costs = (("chunks/touched", 0, 1.0), ("prove/seconds", 1, 1.0), ("prove/bytes", 0, 1e-3), ("enrol/seconds", 1, 1.0))
    return (
        words.spread(spread(repaired), 1, 100),
        _share(before, masked, repaired),
        words.spread(spread(leak), 2, 100),
        *(words.number(cost[measure] * factor, digits) if measure in cost else "–" for measure, digits, factor in costs),
    )


def _share(before: Series, masked: Series, repaired: Series) -> str:
    share = recovered(before, masked, repaired)
    return "–" if share is None else f"{words.number(100 * share.value, 0)} ({words.interval(share.low, share.high, 0, 100)})"


def _name(setting: str) -> str:
    """Damping factors below a tenth as one over something."""
    try:
        value = float(setting)
    except ValueError:
        return setting
    return f"1/{round(1 / value):,}" if 0 < value < 0.1 else setting
