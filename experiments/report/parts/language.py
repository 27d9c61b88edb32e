"""Language models: perplexity and next-token accuracy by set, and what the kind and number of rows and more damping do."""

from __future__ import annotations

from experiments.report import words
from experiments.report.parts.methods import Methods
from experiments.report.section import Block
from experiments.report.study import Series, Tables, by_seed, less, ordered, recovered, spread
from experiments.report.table import Table

STUDY = "code"

_MEASURE, _AXIS = "perplexity/", "ablation/"


def blocks(found: Tables) -> tuple[Block, ...]:
    """Of each task whose perplexity was measured two tables, a column a set; then the frontier, and what the texts hold."""
    tasks = [Methods(found, name) for name in found.methods()]
    return (*(block for task in tasks for block in _by_set(task)), *_frontier(found), *_texts(found))


def _by_set(task: Methods) -> list[Block]:
    sets = [measure.removeprefix(_MEASURE) for measure in ordered(task.frame["measure"]) if measure.startswith(_MEASURE)]
    if not sets:
        return []
    parts = (("perplexity", _MEASURE, 2, 1.0), ("next-token accuracy over all tokens, %", "next_token/", 1, 100.0))
    return [
        Block(f"{task.task}: {title}", Table((title, *sets), tuple(
            (words.title(words.METHODS, method),
             *(words.spread(spread(task.series(method, prefix + name)), digits, factor) for name in sets))
            for method in task.names
        ), tuple(index for index, method in enumerate(task.names) if method == "zkapex")))
        for title, prefix, digits, factor in parts
    ]  # fmt: skip


def _frontier(found: Tables) -> list[Block]:
    frame = found.select(STUDY)
    axes = [group for group in ordered(frame["group"]) if group.startswith(_AXIS)]
    rows = []
    for axis in axes:
        for setting in ordered(frame[frame["group"] == axis]["setting"]):
            own = found.select(STUDY, group=axis, setting=setting)
            series = {(method, name): by_seed(own[own["method"] == method], f"accuracy/{name}")
                      for method in ("masked", "zkapex-float") for name in ("forget", "personal")}  # fmt: skip
            before = by_seed(found.select(STUDY, group="methods", method="personalised"), "accuracy/personal")
            rows.append((axis.removeprefix(_AXIS).replace("_", " ").replace("-", " "), setting,
                         words.spread(spread(series["zkapex-float", "personal"]), 1, 100),
                         _share(before, series["masked", "personal"], series["zkapex-float", "personal"]),
                         words.spread(spread(less(series["zkapex-float", "forget"], series["masked", "forget"])), 2, 100)))  # fmt: skip
    header = ("changed", "to", "personal, %", "recovered, % (95 % interval)", "leak, points")
    return [Block("what other rows, other chunks and more damping do, floats", Table(header, tuple(rows), texts=2))] if rows else []


def _share(before: Series, masked: Series, repaired: Series) -> str:
    share = recovered(before, masked, repaired)
    return "–" if share is None else f"{words.number(100 * share.value, 0)} ({words.interval(share.low, share.high, 0, 100)})"


def _texts(found: Tables) -> list[Block]:
    frame = found.select(STUDY, group="data")
    sets = [measure.removeprefix("bytes/") for measure in ordered(frame["measure"]) if measure.startswith("bytes/")]
    rows = tuple(
        (name, *(words.spread(spread(by_seed(frame, f"{measure}/{name}")), digits, factor)
                 for measure, digits, factor in (("files", 0, 1.0), ("bytes", 0, 1e-3), ("overlap", 1, 100.0))))
        for name in sets
    )  # fmt: skip
    header = ("texts trained on", "files", "kB", "long lines of the held-out texts that they hold too, %")
    return [Block("what the texts hold", Table(header, rows))] if rows else []
