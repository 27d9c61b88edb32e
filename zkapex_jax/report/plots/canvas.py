"""Matplotlib figures turned into inline SVG that follows the page: its font, its light or dark colours."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Drawn = TypeVar("Drawn")

#: Inches. Narrow, so that text stays readable where a phone shows the figure at 350 CSS pixels.
WIDTH = 5.2

#: Stand-in colours. The SVG names CSS variables in their place, so one drawing serves light and dark.
INK, MUTED, GRID = "#010101", "#010102", "#010103"
FORGET, RETAIN, PERSONAL, FORGET_SECOND = "#010201", "#010202", "#010203", "#010204"
PROVIDER, CLIENT, CHECK = "#010301", "#010302", "#010303"
PLAIN, STRONG = "#010401", "#010402"
_VARIABLES = {
    INK: "ink", MUTED: "muted", GRID: "grid",
    FORGET: "forget", FORGET_SECOND: "forget-second", RETAIN: "retain", PERSONAL: "personal",
    PROVIDER: "provider", CLIENT: "client", CHECK: "check",
    PLAIN: "plain", STRONG: "strong",
}  # fmt: skip

_RC = {
    "svg.fonttype": "none",
    "svg.hashsalt": "zkapex",
    "font.size": 10.5,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Plot:
    """An SVG, and in words what it shows: its name and the sentence that a screen reader speaks."""

    svg: str
    title: str
    description: str


def canvas(
    height: float, rows: int = 1, columns: int = 1, width: float = WIDTH, heights: list[float] | None = None
) -> tuple[Figure, list[Axes]]:
    """A figure of `height` inches with rows * columns axes, in reading order; `heights`: of the rows, relative."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False, height_ratios=heights).flat)


def themed(draw: Callable[[Drawn], Plot]) -> Callable[[Drawn], Plot]:
    """Draw a summary, or a part of it, under the page's style, whatever style the calling process has set."""

    @wraps(draw)
    def drawn(part: Drawn) -> Plot:
        with rc_context(_RC):
            return draw(part)

    return drawn


def to_svg(figure: Figure, title: str, description: str) -> Plot:
    """Serialise, name for screen readers, swap stand-in colours for CSS variables; no size of its own."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = stream.getvalue()
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    names = f"<title>{html.escape(title)}</title><desc>{html.escape(description)}</desc>"
    body = re.sub(r"<svg([^>]*)>", lambda found: f'<svg role="img"{found[1]}>{names}', body, count=1)
    for stand_in, variable in _VARIABLES.items():
        body = body.replace(stand_in, f"var(--{variable})")
    return Plot(_page_font(body), title, description)


def _page_font(svg: str) -> str:
    """Text takes the page's font: matplotlib writes its own family into every style."""
    return re.sub(r"font: ([^;\"]*?px)[^;\"]*", lambda found: f"font: {found[1]} var(--font)", svg)


def heading(axes: Axes, text: str, size: float = 10.5) -> None:
    """A panel's own title, flush left and bold."""
    axes.set_title(text, loc="left", fontsize=size, fontweight="bold")


def horizontal_bars(axes: Axes, names: list[str], values: list[float], colors: list[str], labels: list[str]) -> None:
    """Bars from top to bottom, each with its value written at its end; room is left for the longest."""
    bars = axes.barh(range(len(names)), values, color=colors, height=0.68)
    axes.bar_label(bars, labels=labels, padding=4, fontsize=10)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=0.22)
    axes.tick_params(length=0)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
