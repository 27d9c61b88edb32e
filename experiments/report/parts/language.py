"""Language models: perplexity and next-token accuracy by set, and what the texts hold."""

from __future__ import annotations

from experiments.report import words
from experiments.report.parts.methods import Methods
from experiments.report.section import Block
from experiments.report.study import Tables, by_seed, ordered, spread
from experiments.report.table import Table

STUDY = "code"

_MEASURE = "perplexity/"


def blocks(found: Tables) -> tuple[Block, ...]:
    """Of each task whose perplexity was measured two tables, a column a set; then what the texts hold."""
    tasks = [Methods(found, name) for name in found.methods()]
    return (*(block for task in tasks for block in _by_set(task)), *_texts(found))


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
