"""docs/performance.md: prose by hand, tables and figures between markers by this program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from experiments.performance import baselines, plots, tables
from experiments.performance.results import Results
from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import make_directory, storage_errors, write_text

#: What stands between `<!-- NAME -->` and `<!-- /NAME -->`.
SECTIONS: Mapping[str, Callable[[Results], str]] = MappingProxyType({
    "noise": tables.noise,
    "machine": tables.machine,
    "paper": baselines.paper,
    "scale": baselines.scale,
    "stages": tables.stages,
    "weights": lambda results: tables.sweep(results, "weights", "chunks (weights)", lambda p: f"{p.chunks} ({p.weights:,})"),
    "rows": lambda results: tables.sweep(results, "rows", "n", lambda p: str(p.rows)),
    "lanes": lambda results: tables.sweep(results, "lanes", "lanes (weights of a chunk)", lambda p: f"{p.lanes} ({p.preset.capacity:,})"),
    "k": lambda results: tables.sweep(results, "k", "k (weights of a chunk)", lambda p: f"{p.k} ({p.preset.capacity:,})"),
    "cores": lambda results: tables.sweep(results, "cores", "threads", lambda p: f"{p.threads}, k = {p.k}"),
    "vectors": lambda results: tables.sweep(
        results, "vectors", "arithmetic", lambda p: f"{'portable' if p.portable else 'as detected'}, k = {p.k}"
    ),
    "fleet": tables.fleet,
    "model": tables.model,
    "dense": baselines.dense,
    "ezkl": baselines.ezkl,
})  # fmt: skip


def write_page(results: Path, ezkl: Path, page: Path) -> None:
    """Fill every section of `page`, and draw the figures beside it in `img/`.

    Raises:
        InputError: the page lacks a section, or has one that nobody fills.
    """
    found = Results(results, ezkl)
    drawn = plots.figures(found)
    with storage_errors(page):
        text = page.read_text()
    shown = {f"figure_{name}": f"![{title}](img/performance-{name}.svg)" if name in drawn else "" for name, title in plots.TITLES.items()}
    sections = {name: section(found) for name, section in SECTIONS.items()}
    folder = make_directory(page.parent / "img")
    for name, figure in drawn.items():
        write_text(folder / f"performance-{name}.svg", figure, force=True)
    write_text(page, filled(text, {**sections, **shown}), force=True)


def filled(text: str, sections: Mapping[str, str]) -> str:
    """`text` with what stands between the markers replaced."""
    named = set(re.findall(r"^<!-- (\w+) -->$", text, re.MULTILINE))
    if named != set(sections):
        raise InputError("has other sections than are written", code="page", field="sections", value=sorted(named ^ set(sections)))
    for name, content in sections.items():
        pattern = rf"^<!-- {name} -->$.*?^<!-- /{name} -->$"
        block = f"<!-- {name} -->\n{content}{chr(10) if content else ''}<!-- /{name} -->"
        text, count = re.subn(pattern, lambda _, block=block: block, text, flags=re.MULTILINE | re.DOTALL)
        if count != 1:
            raise InputError("is not opened and closed once", code="page", field=name, value=count)
    return text
