"""What it cost: time and peak memory by stage, and the prover's own time by step."""

from __future__ import annotations

from collections import Counter

from zkapex_jax.report.chain import Cost
from zkapex_jax.report.plots.canvas import CHECK, CLIENT, PROVIDER, STRONG, Plot, canvas, heading, horizontal_bars, themed, to_svg
from zkapex_jax.report.summary import Summary
from zkapex_jax.report.words import duration, megabytes

_SIDES = {"provider": PROVIDER, "client": CLIENT, "check": CHECK}


@themed
def time_by_stage(summary: Summary) -> Plot:
    """Wall time of every stage, coloured by whose machine it would run on."""
    stages = summary.stages
    figure, (axes,) = canvas(0.5 + 0.31 * max(len(stages), 1))
    colors = [_SIDES[stage.side] for stage in stages]
    horizontal_bars(axes, [s.title for s in stages], [s.seconds for s in stages], colors, [duration(s.seconds) for s in stages])
    said = "; ".join(f"{stage.title} {duration(stage.seconds)}" for stage in stages)
    return to_svg(figure, "Wall time by stage", said)


@themed
def memory_by_stage(summary: Summary) -> Plot:
    """Peak resident memory of the process behind each stage that reports one."""
    stages = [stage for stage in summary.stages if stage.peak_rss_bytes is not None]
    figure, (axes,) = canvas(0.5 + 0.31 * max(len(stages), 1))
    values = [float(stage.peak_rss_bytes or 0) for stage in stages]
    colors = [_SIDES[stage.side] for stage in stages]
    horizontal_bars(axes, [s.title for s in stages], values, colors, [megabytes(value) for value in values])
    said = "; ".join(f"{stage.title} {megabytes(value)}" for stage, value in zip(stages, values, strict=True))
    return to_svg(figure, "Peak memory by stage", said)


@themed
def prover_steps(summary: Summary) -> Plot:
    """Where the prover's time went, µs a weight: one panel for the proofs of requests, one for those of enrolments."""
    kinds = {
        "Requests": [run.cost for run in summary.requests],
        "Enrolments": [run.cost for run in summary.enrolments],
    }
    steps = {kind: _steps(costs) for kind, costs in kinds.items()}
    figure, panels = canvas(1.0 + 0.31 * sum(max(len(found), 1) for found in steps.values()), rows=len(kinds),
                            heights=[max(len(found), 1) + 1 for found in steps.values()])  # fmt: skip
    for axes, (kind, found) in zip(panels, steps.items(), strict=True):
        horizontal_bars(axes, list(found), list(found.values()), [STRONG] * len(found), [f"{value:.2f} µs" for value in found.values()])
        heading(axes, kind)
    said = "; ".join(f"{kind}: " + ", ".join(f"{name} {value:.2f}" for name, value in found.items()) for kind, found in steps.items())
    return to_svg(figure, "Prover time by step, microseconds a weight", said)


def _steps(costs: list[Cost]) -> dict[str, float]:
    weights = sum(proof.weights for cost in costs for proof in cost.proofs) or 1
    total = sum((Counter(cost.prove_stages) for cost in costs), Counter())
    return {name.replace("_", " "): 1e6 * seconds / weights for name, seconds in total.items()}
