"""Plots as SVG, drawn from the records alone; the same records give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

#: Colours that differ in lightness too, for print and for readers who see few colours.
COLORS = ("#0b5394", "#d95f02", "#38761d", "#7b3294", "#8c6d1f", "#666666")
MARKERS = ("o", "s", "^", "D", "v", "x")
_RC = {
    "svg.fonttype": "none", "svg.hashsalt": "zkapex", "font.size": 11, "font.family": "sans-serif", "axes.grid": True,
    "grid.color": "#dddddd", "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "lines.linewidth": 1.8,
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One curve: (x, y) by rising x."""

    label: str
    points: Sequence[tuple[float, float]]


def lines(title: str, x: str, y: str, curves: Sequence[Line], *, log_x: bool = True, log_y: bool = False,
          ticks: Sequence[float] | None = None) -> str:  # fmt: skip
    """Curves over x; axes start at zero unless they are logarithmic."""

    def draw(axes: Axes) -> None:
        for index, curve in enumerate(curves):
            across, up = zip(*curve.points, strict=True)
            axes.plot(across, up, marker=MARKERS[index % 6], color=COLORS[index % 6], label=curve.label)
        _scale(axes, log_x=log_x, log_y=log_y, ticks=ticks)
        axes.set_xlabel(x)
        axes.set_ylabel(y)

    return _svg(title, draw, ncols=2 if len(curves) > 1 else 1)


def stacked(title: str, x: str, bars: Mapping[str, Mapping[str, float]]) -> str:
    """One horizontal bar a key of `bars`, cut into named parts, largest parts first as of the first bar."""
    first = next(iter(bars.values()))
    parts = sorted({name for bar in bars.values() for name in bar}, key=lambda name: -first.get(name, 0.0))
    shown, rest = parts[:9], parts[9:]

    def draw(axes: Axes) -> None:
        left = [0.0] * len(bars)
        for index, part in enumerate([*shown, *(["others"] if rest else [])]):
            named = rest if part == "others" and rest else [part]
            widths = [sum(bar.get(name, 0.0) for name in named) for bar in bars.values()]
            color, hatch = COLORS[index % 6], ("", "//")[index // 6]
            axes.barh(list(bars), widths, left=left, color=color, hatch=hatch, edgecolor="white", label=part, height=0.6)
            left = [start + width for start, width in zip(left, widths, strict=True)]
        axes.set_xlabel(x)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")

    return _svg(title, draw, ncols=3)


def _scale(axes: Axes, *, log_x: bool, log_y: bool, ticks: Sequence[float] | None) -> None:
    if log_x:
        axes.set_xscale("log", base=2)
    if ticks is not None:
        axes.set_xticks(list(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    if log_y:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    else:
        axes.set_ylim(bottom=0)


def _svg(title: str, draw: Callable[[Axes], None], *, ncols: int) -> str:
    with rc_context(_RC):
        figure = Figure(figsize=(7.2, 4.2), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        figure.legend(loc="outside lower left", ncols=ncols, fontsize=9.5, frameon=False)
        out = io.StringIO()
        figure.savefig(out, format="svg", facecolor="white", metadata={"Date": None, "Title": title})
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
