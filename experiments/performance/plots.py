"""Which figures the note has, and what they show. A figure without records is not drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from experiments.performance.figures import Line, lines, stacked
from experiments.performance.fit import MODELS, fit
from experiments.performance.results import Results
from experiments.performance.sweeps import SERVED, SWEEPS, Point
from experiments.performance.tables import STAGES, fitting_set, folding, stage_costs

Record = dict[str, Any]
Figure = Callable[[Record], float]

#: What a reader who does not see a figure is told.
TITLES = {
    "stages": "Stages of proving", "weights": "Time against weights", "rows": "Time against rows", "lanes": "Time against lanes",
    "k": "Time against k", "blocks": "Halo2 proof by block size", "cores": "Threads", "model": "Cost model against measurement",
    "dense": "Dense blocks", "ezkl": "ezkl and the folded relation",
}  # fmt: skip

PROVE: Figure = lambda m: m["prove"]["us_per_weight_median"]  # noqa: E731
HALO2: Figure = lambda m: m["prove"]["stages_us_per_weight"]["create_proof"]  # noqa: E731
VERIFY: Figure = lambda m: m["verify"]["us_per_weight"]  # noqa: E731
ENROL: Figure = lambda m: m["enrol"]["us_per_weight"]  # noqa: E731
ENROL_PROOF: Figure = lambda m: m["prove_enrolment"]["us_per_weight_median"]  # noqa: E731

_MICRO = "µs a weight"


def figures(results: Results) -> dict[str, str]:
    """SVG text by name, of those that have at least two points."""
    found = {
        "weights": _weights(results), "rows": _sweep(results, "rows", "Rows of curvature, n", "n", lambda p: p.rows, _ROWS, log_y=True),
        "lanes": _sweep(results, "lanes", "Lanes: weights a row of the circuit", "P", lambda p: p.lanes, _PARTS),
        "k": _sweep(results, "k", "Size of the circuit, 2^k rows", "k", lambda p: p.k, _PARTS, log_x=False),
        "blocks": _blocks(results), "cores": _cores(results), "stages": _stages(results), "dense": _dense(results), "ezkl": _ezkl(results),
        "model": _model(results),
    }  # fmt: skip
    return {name: svg for name, svg in found.items() if svg is not None}


_PARTS = (("prove, all rounds", PROVE), ("of it the Halo2 proof", HALO2), ("verify", VERIFY))
_ROWS = (*_PARTS, ("inner products, folds, witness", folding), ("enrol: commit", ENROL), ("enrol: prove", ENROL_PROOF))


def _sweep(results: Results, name: str, title: str, x: str, key: Callable[[Point], float], parts: Sequence[tuple[str, Figure]],
           *, log_x: bool = True, log_y: bool = False) -> str | None:  # fmt: skip
    taken = results.taken(SWEEPS[name])
    if len(taken) < 2:
        return None
    curves = [Line(label, [(key(point), figure(record["measured"])) for point, record in taken]) for label, figure in parts]
    return lines(title, x, _MICRO, curves, log_x=log_x, log_y=log_y, ticks=[key(point) for point, _ in taken])


def _weights(results: Results) -> str | None:
    taken = results.taken(SWEEPS["weights"])
    if len(taken) < 2:
        return None
    seconds: Callable[[Figure], list[tuple[float, float]]] = lambda figure: [  # noqa: E731
        (point.weights / 1000, 1e-6 * point.weights * figure(record["measured"])) for point, record in taken
    ]
    curves = [Line(label, seconds(figure)) for label, figure in (("prove, all rounds", PROVE), ("enrol: commit", ENROL),
                                                                 ("enrol: prove", ENROL_PROOF), ("verify", VERIFY))]  # fmt: skip
    return lines("Time against weights, k = 12, P = 16, n = 64", "thousand weights", "seconds", curves, log_x=False)


def _blocks(results: Results) -> str | None:
    """create_proof by weights of a chunk, the block of the curvature: over lanes at k = 12, and over k at 16 lanes."""
    curves = []
    for label, name in (("k = 12, lanes 4 to 64", "lanes"), ("16 lanes, k = 10 to 14", "k")):
        taken = results.taken(SWEEPS[name])
        if len(taken) < 2:
            return None
        curves.append(Line(label, [(point.preset.capacity / 1000, HALO2(record["measured"])) for point, record in taken]))
    return lines("Halo2 proof by size of the curvature block", "thousand weights of a chunk", _MICRO, curves)


def _cores(results: Results) -> str | None:
    taken = results.taken(SWEEPS["cores"])
    if len({point.threads for point, _ in taken}) < 2:
        return None
    curves = [
        Line(f"{label}, k = {k}", [(point.threads, figure(record["measured"])) for point, record in taken if point.k == k])
        for k in dict.fromkeys(point.k for point, _ in taken)
        for label, figure in (("prove", PROVE), ("verify", VERIFY))
    ]
    return lines("Threads", "threads", _MICRO, curves, log_x=False, ticks=sorted({point.threads for point, _ in taken}))


def _stages(results: Results) -> str | None:
    taken = results.taken(SERVED)
    if not taken:
        return None
    bars = {f"k = {point.k}, P = {point.lanes}": {STAGES.get(name, name): cost for name, cost in stage_costs(record).items()}
            for point, record in taken}  # fmt: skip
    return stacked("Where the time of proving goes", _MICRO, bars)


def _dense(results: Results) -> str | None:
    record = results.dense()
    if record is None:
        return None
    rows, folded = record["measured"]["dense"], record["measured"]["folded"]["prove_us_per_weight"]
    blocks = sorted({row["block"] for row in rows})
    curves = [
        Line(name, [(row["block"], row["prove_us_per_weight"]) for row in rows if row["relation"] == name])
        for name in dict.fromkeys(row["relation"] for row in rows)
    ]
    return lines("Dense blocks and the folded relation: proving", "block size B", _MICRO,
                 [*curves, Line("folded, whatever the block", [(block, folded) for block in blocks])], log_y=True, ticks=blocks)  # fmt: skip


def _ezkl(results: Results) -> str | None:
    found, taken = results.ezkl(), results.taken(SERVED[:1])
    if len(found) < 2 or not taken:
        return None
    blocks = sorted({record["block"] for record in found})
    folded = PROVE(taken[0][1]["measured"])
    curves = [
        Line(f"ezkl 23.0.5, {'with' if ranges else 'without'} ranges",
             [(record["block"], record["prove_us_per_weight"]) for record in found if record["ranges"] is ranges])
        for ranges in sorted({record["ranges"] for record in found})
    ]  # fmt: skip
    curves.append(Line("folded relation, k = 12, P = 16", [(block, folded) for block in blocks]))
    return lines("The same KKT block: proving", "block size B", _MICRO, curves, log_y=True, ticks=blocks)


def _model(results: Results) -> str | None:
    taken = fitting_set(results)
    if len(taken) < len(MODELS[0].terms):
        return None
    found = fit(MODELS[0], taken)
    pairs = sorted((MODELS[0].seconds(point, record), found.seconds(point)) for point, record in taken)
    straight = Line("equal", [(pairs[0][0], pairs[0][0]), (pairs[-1][0], pairs[-1][0])])
    return lines("Cost model: seconds to prove a chunk", "measured, seconds", "modelled, seconds", [Line("points", pairs), straight], log_x=False)
