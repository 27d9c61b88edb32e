"""The certificate: proven against true distance to the optimum, and how much of each bound was used."""

from __future__ import annotations

from matplotlib.axes import Axes

from zkapex_jax.report.chain import RequestRun
from zkapex_jax.report.parts import Certificate
from zkapex_jax.report.plots.canvas import CHECK, CLIENT, GRID, INK, MUTED, PROVIDER, STRONG, Plot, canvas, themed, to_svg

_USES = (("t1", "T₁: residual ŷ", PROVIDER), ("t2", "T₂: rounding e", CHECK), ("d", "D: budget", CLIENT))


@themed
def distances(request: RequestRun) -> Plot:
    """Dumbbells: a filled dot for the true distance, an open one for the certified distance."""
    entries = request.certificate
    figure, (axes,) = canvas(1.3 + 0.3 * min(len(entries), 40))
    rows = range(len(entries))
    axes.hlines(rows, [e.true_distance for e in entries], [e.certified_distance for e in entries], color=GRID, linewidth=4)
    axes.plot([e.true_distance for e in entries], rows, "o", color=STRONG, markersize=8, label="true distance")
    axes.plot(
        [e.certified_distance for e in entries], rows, "o", markeredgecolor=INK, markerfacecolor="none",
        markeredgewidth=1.6, markersize=8, label="certified distance",
    )  # fmt: skip
    _chunk_ticks(axes, entries)
    axes.set_xlim(0, max((e.certified_distance for e in entries), default=1.0) * 1.12)
    axes.set_xlabel("‖δ̂ − δ*‖₂, in units in the last place (2⁻¹⁶)")
    axes.xaxis.grid(True, color=GRID)
    figure.legend(loc="outside upper left", ncols=2, fontsize=10)
    said = "; ".join(f"chunk {e.chunk}: true {e.true_distance:.1f}, certified {e.certified_distance:.1f}" for e in entries[:40])
    return to_svg(figure, f"Distance to the optimum, {request.request_id}", said)


@themed
def budget_use(request: RequestRun) -> Plot:
    """Three bars a chunk: the part of T1, T2 and D that the honest witness used."""
    entries = request.certificate
    figure, (axes,) = canvas(1.3 + 0.52 * min(len(entries), 40))
    for offset, (field, title, color) in zip((-0.27, 0.0, 0.27), _USES, strict=True):
        shares = [getattr(entry, field).share for entry in entries]
        bars = axes.barh([row + offset for row in range(len(entries))], shares, 0.24, color=color, label=title)
        if len(entries) <= 16:
            axes.bar_label(bars, labels=[percent(share) for share in shares], padding=3, fontsize=9)
    axes.axvline(1.0, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
    _chunk_ticks(axes, entries)
    axes.set_xlim(0, 1.15)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "limit"])
    axes.xaxis.grid(True, color=GRID)
    figure.legend(loc="outside upper left", ncols=3, fontsize=10)
    said = "; ".join(
        f"chunk {entry.chunk}: " + ", ".join(f"{field} {percent(getattr(entry, field).share)}" for field, _, _ in _USES)
        for entry in entries[:40]
    )
    return to_svg(figure, f"Use of the three proven bounds, {request.request_id}", said)


def percent(share: float) -> str:
    """Enough digits to be true of small shares too."""
    value = 100 * share
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %" if value >= 0.1 else f"{value:.0e} %" if value else "0 %"


def _chunk_ticks(axes: Axes, entries: list[Certificate]) -> None:
    axes.set_yticks(range(len(entries)), [f"chunk {entry.chunk}" for entry in entries])
    if len(entries) > 40:
        axes.locator_params(axis="y", nbins=20)
    axes.set_ylim(len(entries) - 0.4, -0.6)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
