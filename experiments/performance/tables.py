"""Markdown tables of the note, from records alone. A table without records says which command makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from experiments.performance.fit import MODELS, fit
from experiments.performance.results import Results, Taken
from experiments.performance.sweeps import SERVED, STANDARD, SWEEPS, Point

Record = dict[str, Any]

#: The two commitments to small integers without which no weight is bound: θ̂u and the residual ŷ.
BOUND = ("commit_theta_u", "commit_y")

STAGES = {
    "statement": "read and check the statement", "witness": "integers of the witness", "commit_theta_u": "commit θ̂u", "commit_y": "commit ŷ",
    "expand_r": "expand 128 ternary vectors", "project_and_bits": "project, split into bits, commit them", "combine_c": "c = Σ η^j R_j",
    "inner_products": "q_k = ⟨c, Ĝ_k⟩, commit Q", "fold_commitments": "fold the commitments", "columns": "fold rows, fill columns",
    "create_proof": "Halo2 proof",
}  # fmt: skip


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown; the first column is text, the others numbers."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", f"|---|{'---:|' * (len(heads) - 1)}", *body])


def missing(name: str) -> str:
    """What stands in place of a table without records."""
    return f"*No record yet: `python -m experiments.performance measure --tables {name}`.*"


def stage_costs(record: Record) -> dict[str, float]:
    """µs a weight by stage of proving."""
    return dict(record["measured"]["prove"]["stages_us_per_weight"])


def bound(record: Record) -> float:
    """The lower bound as this machine reaches it: µs a weight of the two commitments in the same run."""
    return sum(stage_costs(record)[name] for name in BOUND)


def stages(results: Results) -> str:
    """Where the time of proving goes, and how many times the bound each stage is."""
    taken = results.taken(SERVED)
    if not taken:
        return missing("served")
    costs = [stage_costs(record) for _, record in taken]
    bounds = [bound(record) for _, record in taken]
    totals = [sum(cost.values()) for cost in costs]
    names = sorted(costs[0], key=lambda name: -costs[0][name])
    heads = ["µs a weight (times the bound)", *(f"k = {point.k}, P = {point.lanes}" for point, _ in taken)]

    def line(title: str, values: Sequence[float]) -> list[str]:
        return [title, *(f"{value:.2f} ({value / least:.2f}×)" for value, least in zip(values, bounds, strict=True))]

    rows = [line(STAGES.get(name, name), [cost.get(name, 0.0) for cost in costs]) for name in names]
    return table(heads, [*rows, line("**all**", totals), line("the bound: both commitments", bounds)])


#: Columns of the sweeps: head, and the figure in a record's measurements.
_COMMON: tuple[tuple[str, Callable[[Record], str]], ...] = (
    ("prove, µs a weight", lambda m: f"{m['prove']['us_per_weight_median']:.2f}"),
    ("of it the Halo2 proof", lambda m: f"{m['prove']['stages_us_per_weight']['create_proof']:.2f}"),
    ("verify, µs a weight", lambda m: f"{m['verify']['us_per_weight']:.2f}"),
    ("bytes a weight", lambda m: f"{m['bundle_bytes'] / m['weights']:.3f}"),
    ("prover, MB", lambda m: f"{m['prove']['peak_rss_bytes'] / 1e6:.0f}"),
)
_ENROL: tuple[tuple[str, Callable[[Record], str]], ...] = (
    ("enrol: commit, µs a weight", lambda m: f"{m['enrol']['us_per_weight']:.2f}"),
    ("and prove", lambda m: f"{m['prove_enrolment']['us_per_weight_median']:.2f}"),
)
_ROWS: tuple[tuple[str, Callable[[Record], str]], ...] = (
    ("inner products and folds", lambda m: f"{folding(m):.2f}"),
)


def folding(measured: Record) -> float:
    """µs a weight of what is linear in the rows: witness, inner products, folds of commitments and of values."""
    return sum(measured["prove"]["stages_us_per_weight"].get(name, 0.0) for name in ("witness", "inner_products", "fold_commitments", "columns"))


def sweep(results: Results, name: str, head: str, key: Callable[[Point], str]) -> str:
    """One sweep, one line a point."""
    taken = results.taken(SWEEPS[name])
    if not taken:
        return missing(name)
    columns = (*_COMMON[:2], *(_ROWS if name == "rows" else ()), *_COMMON[2:], *(_ENROL if name in ("rows", "k", "vectors") else ()))
    rows = [[_marked(key(point), record), *(figure(record["measured"]) for _, figure in columns)] for point, record in taken]
    return table([head, *(title for title, _ in columns)], rows)


def fleet(results: Results) -> str:
    """What a request costs once, whatever the number of clients."""
    taken = results.taken(SERVED)
    if not taken:
        return missing("served")
    per = lambda record, name: record["measured"][name]["us_per_weight"]  # noqa: E731
    rows = [
        [f"k = {point.k}, P = {point.lanes}", f"{per(record, 'request'):.2f}", f"{per(record, 'prove'):.2f}", f"{per(record, 'verify'):.2f}",
         f"{per(record, 'enrol'):.2f}", f"{per(record, 'prove_enrolment'):.2f}", f"{per(record, 'verify_enrolment'):.2f}"]
        for point, record in taken
    ]  # fmt: skip
    heads = ["µs a weight", "mask and forget rows, once a fleet", "prove, each client and request", "verify, each client and request",
             "enrol: commit, each client once", "enrol: prove", "enrol: verify"]  # fmt: skip
    return table(heads, rows)


def model(results: Results) -> str:
    """Prices of the cost model, fitted to every two-thread record of the sweeps over rows, lanes and k."""
    taken = fitting_set(results)
    if len(taken) < max(len(item.terms) for item in MODELS):
        return missing("rows lanes k")
    rows = []
    for item in MODELS:
        found = fit(item, taken)
        prices = "; ".join(f"{price:.3g} {term.unit} × {term.name}" for price, term in found.paid(STANDARD))
        rows.append([item.name, prices, f"{found.worst:.0%}"])
    return table(["seconds of a chunk", "price × count", "largest error"], rows) + f"\n\nFitted to {len(taken)} points."


def fitting_set(results: Results) -> list[Taken]:
    """Records that the model is fitted to: rows, lanes and k, on the same number of threads and with the same instructions."""
    wanted = dict.fromkeys(point for name in ("rows", "lanes", "k") for point in SWEEPS[name])
    return results.taken(tuple(wanted))


def noise(results: Results) -> str:
    """Which records were taken while others used the machine."""
    loud = results.noisy()
    if not loud:
        return "Every record was taken on a quiet machine."
    worst = max(loud.values())
    return (f"**{len(loud)} of {results.count} records were taken while other programs used the machine (up to {worst:.0%} of it): "
            "their times are too high.** `make performance` on a quiet machine replaces them.")  # fmt: skip


def machine(results: Results) -> str:
    """What the records were taken on."""
    found = results.machine()
    if found is None:
        return missing("served")
    wide = "eight field elements at once (AVX-512 IFMA)" if found["wide"] else "no vector instructions used"
    return f"Machine: {found['cpu']}, {found['cores']} cores, {found['memory_bytes'] / 1e9:.0f} GB; {wide}."


def _marked(text: str, record: Record) -> str:
    return text if record["meter"]["others_share"] <= 0.05 else f"{text} (noisy)"
