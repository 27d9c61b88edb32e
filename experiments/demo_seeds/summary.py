"""The study in one page: mean and standard deviation over seeds, and whether each aim was reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import mean, stdev
from typing import Any

Record = dict[str, Any]

MODELS = {
    "base": "provider's base model",
    "masked base": "base model, masked",
    "personalised": "personalised, before the request",
    "masked": "personalised, masked only",
    "compensated": "masked and compensated",
    "without forget rows": "the same, no forget rows",
}


def points(record: Record, model: str, name: str) -> float:
    """Accuracy in points, 0 to 100."""
    return 100 * record["accuracy"][model][name]


#: Derived figures of one run, in points of accuracy; those with a slash in their title are ratios.
FIGURES: dict[str, Callable[[Record], float]] = {
    "personal accuracy lost by masking": lambda r: points(r, "personalised", "personal") - points(r, "masked", "personal"),
    "personal accuracy lost after compensation": lambda r: points(r, "personalised", "personal") - points(r, "compensated", "personal"),
    "forget accuracy, compensated less masked": lambda r: points(r, "compensated", "forget") - points(r, "masked", "forget"),
    "the same without forget rows": lambda r: points(r, "without forget rows", "forget") - points(r, "masked", "forget"),
    "forget accuracy, base less masked base": lambda r: points(r, "base", "forget") - points(r, "masked base", "forget"),
    "true / certified distance, largest of the chunks": lambda r: max(distances(r)),
    "true / certified distance, smallest of the chunks": lambda r: min(distances(r)),
    "Σe² / T2, largest of the chunks": lambda r: max(chunk["t2_used"] for chunk in r["chunks"]),
    "moved / masked base energy, largest of the chunks": lambda r: max(chunk["moved"] for chunk in r["chunks"]),
    "moved / budget D, largest of the chunks": lambda r: max(chunk["budget_used"] for chunk in r["chunks"]),
}


def distances(record: Record) -> list[float]:
    """True over certified distance of each chunk."""
    return [chunk["true_distance"] / chunk["certified_distance"] for chunk in record["chunks"]]


def spread(values: Sequence[float], digits: int = 1) -> str:
    """`mean ± sd`; one value alone has no deviation."""
    deviation = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{deviation}"


def recovered(records: Sequence[Record]) -> float:
    """Share of what masking cost, in means over the runs, that compensation gives back."""
    cost = mean(FIGURES["personal accuracy lost by masking"](record) for record in records)
    left = mean(FIGURES["personal accuracy lost after compensation"](record) for record in records)
    return 1 - left / cost


def summarise(records: Iterable[Record]) -> str:
    """Markdown of the whole study."""
    by_task: dict[str, list[Record]] = {}
    for record in records:
        by_task.setdefault(record["task"], []).append(record)
    return "# Recovery, leak and certificate over seeds\n\n" + "\n".join(_task(*item) for item in by_task.items())


def _task(name: str, records: list[Record]) -> str:
    seeds = ", ".join(str(record["seed"]) for record in records)
    chunks = records[0]["chunks"]
    lines = [
        f"## Task `{name}`",
        "",
        f"Seeds {seeds}; {len(chunks)} chunks of {', '.join(str(chunk['weights']) for chunk in chunks)} weights; "
        f"configuration `{records[0]['digest'][:16]}`. Mean ± standard deviation.",
        "",
        "| accuracy, % | forget | retain | personal |",
        "|---|---|---|---|",
        *(_accuracy(model, title, records) for model, title in MODELS.items()),
        "",
        "| figure | value |",
        "|---|---|",
        *(_figure(title, figure, records) for title, figure in FIGURES.items()),
        f"| share of the masking cost recovered, of the means | {_share(records)} |",
        f"| seconds, base and personalisation | {spread([r['seconds']['base'] + r['seconds']['personalise'] for r in records], 0)} |",
        "",
    ]
    return "\n".join(lines)


def _accuracy(model: str, title: str, records: list[Record]) -> str:
    cells = [spread([points(record, model, name) for record in records]) for name in ("forget", "retain", "personal")]
    return f"| {title} | {' | '.join(cells)} |"


def _figure(title: str, figure: Callable[[Record], float], records: list[Record]) -> str:
    return f"| {title} | {spread([figure(record) for record in records], 3 if '/' in title else 1)} |"


def _share(records: list[Record]) -> str:
    cost = mean(FIGURES["personal accuracy lost by masking"](record) for record in records)
    return f"{100 * recovered(records):.0f} %" if cost > 0 else "masking cost nothing"
