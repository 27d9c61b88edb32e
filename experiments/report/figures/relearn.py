"""How soon what was forgotten is learnt again."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report import words
from experiments.report.drawing import INK, MUTED, SERIES, Drawing, abreast, drawing, grid
from experiments.report.parts.methods import Methods
from experiments.report.study import Tables, spread

_MEASURE = "relearn/steps"


def relearning(found: Tables) -> Drawing | None:
    """Steps of fine-tuning on the forgotten examples until 90 % of the base model's accuracy on them is back, by method."""
    tasks = [task for task in (Methods(found, name) for name in found.methods()) if any(task.series(method, _MEASURE) for method in task.names)]
    if not tasks:
        return None

    def draw(figure: Figure) -> None:
        for axes, task in zip(grid(figure, len(tasks), abreast(len(tasks))), tasks, strict=True):
            _panel(axes, task)

    columns = abreast(len(tasks))
    rows = -(-len(tasks) // columns)
    return drawing("Relearn time",
                   "Steps of fine-tuning on the forgotten training examples until 90 % of the base model's held-out accuracy on them is back; mean and "
                   "standard deviation over seeds. A cross: the cap cut seeds short, and the bar is a lower bound without a deviation. Retraining from scratch is what no memory looks like.",
                   draw, width=3.1 * columns + 1.4, height=3.3 * rows + 0.2)  # fmt: skip


def _panel(axes: Axes, task: Methods) -> None:
    methods = [method for method in task.names if method not in ("base", "personalised") and spread(task.series(method, _MEASURE))]
    for index, method in enumerate(methods):
        steps, reached = task.series(method, _MEASURE), task.series(method, "relearn/reached")
        summary = spread(steps)
        if summary is None:
            continue
        color = INK if method == "retrain" else SERIES[0] if method.startswith("zkapex") else SERIES[5]
        axes.barh([index], [summary.mean], color=color, height=0.62, alpha=0.85)
        capped = [value for seed, value in steps.items() if reached.get(seed) == 0.0]
        if not capped:
            axes.errorbar([summary.mean], [index], xerr=[summary.sd], color=MUTED, linestyle="none", elinewidth=1.2)
        axes.plot(capped, [index] * len(capped), marker="x", color=SERIES[7], linestyle="none")
    axes.set_yticks(range(len(methods)), [words.title(words.SHORT, method) for method in methods])
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_title(task.task)
    axes.set_xlabel("steps")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
