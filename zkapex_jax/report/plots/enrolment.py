"""Enrolment: how far the enrolled model is from the provider's base model, against what the proof allows."""

from __future__ import annotations

from zkapex_jax.report.plots.canvas import CLIENT, GRID, MUTED, STRONG, Plot, canvas, themed, to_svg
from zkapex_jax.report.plots.certificate import percent
from zkapex_jax.report.summary import Summary

_MOST_CHUNKS = 40


@themed
def base_distance(summary: Summary) -> Plot:
    """One bar a chunk and enrolment: the part of D0 that the distance to the base model uses."""
    runs, chunks = summary.enrolments, min(summary.chunks, _MOST_CHUNKS)
    figure, (axes,) = canvas(1.3 + 0.36 * chunks)
    height = 0.8 / len(runs)
    for number, run in enumerate(runs):
        shares = [use.share for use in run.distance[:chunks]]
        title = "re-enrolment" if run.renewed else "enrolment"
        places = [row + (number - (len(runs) - 1) / 2) * height for row in range(chunks)]
        bars = axes.barh(places, shares, 0.88 * height, color=CLIENT if run.renewed else STRONG, label=title)
        if chunks <= 16:
            axes.bar_label(bars, labels=[percent(share) for share in shares], padding=3, fontsize=9)
    axes.axvline(1.0, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.set_yticks(range(chunks), [f"chunk {chunk}" for chunk in range(chunks)])
    axes.set_ylim(chunks - 0.4, -0.6)
    axes.set_xlim(0, 1.15)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25 %", "50 %", "75 %", "D₀"])
    axes.xaxis.grid(True, color=GRID)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    figure.legend(loc="outside upper left", ncols=2, fontsize=10)
    said = "; ".join(
        f"{'re-enrolment' if run.renewed else 'enrolment'}: " + ", ".join(percent(use.share) for use in run.distance[:chunks]) for run in runs
    )
    return to_svg(figure, "Distance to the provider's base model, of what is allowed", said)
