"""Accuracy of the five models: by set, and by class."""

from __future__ import annotations

from zkapex_jax.report.plots.canvas import FORGET, GRID, PERSONAL, PLAIN, RETAIN, STRONG, Plot, canvas, heading, horizontal_bars, themed, to_svg
from zkapex_jax.report.summary import Summary
from zkapex_jax.report.values import SETS, STAGES
from zkapex_jax.report.words import SET_TITLES, STAGE_TITLES

_COLORS = {"forget": FORGET, "retain": RETAIN, "personal": PERSONAL}


@themed
def by_stage(summary: Summary) -> Plot:
    """Three panels, one a set; five bars each, one a stage."""
    figure, panels = canvas(5.8, rows=3)
    names = [STAGE_TITLES[stage] for stage in STAGES]
    for axes, set_ in zip(panels, SETS, strict=True):
        values = [summary.accuracy[stage][set_] for stage in STAGES]
        horizontal_bars(axes, names, values, [_COLORS[set_]] * len(values), [f"{100 * value:.1f} %" for value in values])
        axes.set_xlim(0, 1.18)
        heading(axes, f"{SET_TITLES[set_]} ({summary.examples[set_]} examples)")
        for bar, stage in zip(axes.patches, STAGES, strict=True):
            bar.set_alpha(1.0 if stage == "compensated" else 0.5)
    last = summary.accuracy["compensated"]
    description = "Of the proven model: " + ", ".join(f"{SET_TITLES[set_]} {100 * last[set_]:.1f} percent" for set_ in SETS)
    return to_svg(figure, "Accuracy by stage and set", description)


@themed
def by_class(summary: Summary) -> Plot:
    """Two bars a class: the personalised model, and the one that was proven. Forgotten classes stand out."""
    before, after = summary.per_class["personalised"], summary.per_class["compensated"]
    classes = list(before)
    figure, (axes,) = canvas(4.4)
    positions = range(len(classes))
    forgotten = [name in summary.forget_classes for name in classes]
    axes.bar([p - 0.2 for p in positions], [before[name] for name in classes], 0.38, color=PLAIN, label="personalised")
    colors = [FORGET if gone else STRONG for gone in forgotten]
    axes.bar([p + 0.2 for p in positions], [after.get(name, 0.0) for name in classes], 0.38, color=colors, label="after unlearning")
    axes.set_xticks(positions, [f"{name}\nforget" if gone else name for name, gone in zip(classes, forgotten, strict=True)])
    axes.set_ylim(0, 1.0)
    axes.set_yticks([0, 0.5, 1.0], ["0", "50 %", "100 %"])
    axes.yaxis.grid(True, color=GRID)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    for name, label in zip(classes, axes.get_xticklabels(), strict=True):
        if name in summary.forget_classes:
            label.set_color(FORGET)
            label.set_fontweight("bold")
    said = ", ".join(f"{name}: {100 * before[name]:.0f} to {100 * after.get(name, 0.0):.0f}" for name in classes)
    return to_svg(figure, "Accuracy by class, before and after unlearning", f"Percent before and after, by class. {said}")
