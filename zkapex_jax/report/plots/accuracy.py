"""Accuracy of the models: by set and stage, along the client's chain, and by class."""

from __future__ import annotations

from zkapex_jax.report.plots.canvas import (
    FORGET, FORGET_SECOND, GRID, PERSONAL, PLAIN, RETAIN, STRONG, Plot, canvas, heading, horizontal_bars, themed, to_svg,
)  # fmt: skip
from zkapex_jax.report.summary import Summary
from zkapex_jax.report.values import COMMITTED, SETS, STAGES
from zkapex_jax.report.words import SET_TITLES, STAGE_TITLES

_COLORS = {"forget": FORGET, "forget_second": FORGET_SECOND, "retain": RETAIN, "personal": PERSONAL}
_STYLES = {"forget": "o-", "forget_second": "s-", "retain": "^-", "personal": "D-"}
_SHORT = {"personalised": "enrolled", "compensated": "request 1", "second": "request 2", "renewed": "re-enrolled"}


@themed
def by_stage(summary: Summary) -> Plot:
    """One panel a set; one bar a stage, those that the ledger holds a commitment to in full colour."""
    figure, panels = canvas(10.4, rows=len(SETS))
    names = [STAGE_TITLES[stage] for stage in STAGES]
    for axes, set_ in zip(panels, SETS, strict=True):
        values = [summary.accuracy[stage][set_] for stage in STAGES]
        horizontal_bars(axes, names, values, [_COLORS[set_]] * len(values), [f"{100 * value:.1f} %" for value in values])
        axes.set_xlim(0, 1.18)
        heading(axes, f"{SET_TITLES[set_]} ({summary.examples[set_]} examples)")
        for bar, stage in zip(axes.patches, STAGES, strict=True):
            bar.set_alpha(1.0 if stage in COMMITTED else 0.45)
    last = summary.accuracy["renewed"]
    description = "At the end: " + ", ".join(f"{SET_TITLES[set_]} {100 * last[set_]:.1f} percent" for set_ in SETS)
    return to_svg(figure, "Accuracy by stage and set", description)


@themed
def along_chain(summary: Summary) -> Plot:
    """One line a set over the positions of the ledger: what was forgotten must stay low to the right of its request."""
    figure, (axes,) = canvas(3.6)
    for set_ in SETS:
        values = [summary.accuracy[stage][set_] for stage in COMMITTED]
        axes.plot(range(len(COMMITTED)), values, _STYLES[set_], color=_COLORS[set_], label=SET_TITLES[set_], linewidth=2, markersize=6)
    axes.set_xticks(range(len(COMMITTED)), [_SHORT[stage] for stage in COMMITTED])
    axes.set_xlim(-0.25, len(COMMITTED) - 0.75)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.5, 1.0], ["0", "50 %", "100 %"])
    axes.yaxis.grid(True, color=GRID)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    figure.legend(loc="outside upper left", ncols=2, fontsize=10)
    said = "; ".join(
        f"{SET_TITLES[set_]}: " + ", ".join(f"{100 * summary.accuracy[stage][set_]:.0f}" for stage in COMMITTED) for set_ in SETS
    )
    return to_svg(figure, "Accuracy along the client's chain", f"Percent after enrolment, request 1, request 2 and re-enrolment. {said}")


@themed
def by_class(summary: Summary) -> Plot:
    """Two bars a class: the personalised model, and the last one. Forgotten classes stand out."""
    before, after = summary.per_class["personalised"], summary.per_class["renewed"]
    classes = list(before)
    figure, (axes,) = canvas(4.4)
    positions = range(len(classes))
    gone = {name: _COLORS[set_] for set_, names in summary.forget_classes.items() for name in names}
    axes.bar([p - 0.2 for p in positions], [before[name] for name in classes], 0.38, color=PLAIN, label="personalised")
    colors = [gone.get(name, STRONG) for name in classes]
    axes.bar([p + 0.2 for p in positions], [after.get(name, 0.0) for name in classes], 0.38, color=colors, label="at the end")
    axes.set_xticks(positions, [f"{name}\nforget" if name in gone else name for name in classes])
    axes.set_ylim(0, 1.0)
    axes.set_yticks([0, 0.5, 1.0], ["0", "50 %", "100 %"])
    axes.yaxis.grid(True, color=GRID)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    for name, label in zip(classes, axes.get_xticklabels(), strict=True):
        if name in gone:
            label.set_color(gone[name])
            label.set_fontweight("bold")
    said = ", ".join(f"{name}: {100 * before[name]:.0f} to {100 * after.get(name, 0.0):.0f}" for name in classes)
    return to_svg(figure, "Accuracy by class, before and at the end", f"Percent before and after, by class. {said}")
