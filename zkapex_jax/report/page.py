"""One self-contained HTML page from a summary: no script, no outside asset, readable on a phone and offline."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from zkapex_jax.report import words
from zkapex_jax.report.chain import RequestRun
from zkapex_jax.report.plots import accuracy, certificate, cost, enrolment, mask
from zkapex_jax.report.plots.canvas import Plot
from zkapex_jax.report.summary import Summary
from zkapex_jax.report.values import COMMITTED, SETS, STAGES


def render(summary: Summary) -> bytes:
    """UTF-8 HTML. Every string of the summary is escaped: parts of it come from files of other people."""
    environment = Environment(
        loader=PackageLoader("zkapex_jax.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "duration": words.duration,
        "megabytes": words.megabytes,
        "size": words.size,
        "points": words.points,
        "percent": certificate.percent,
    }
    environment.globals |= {"words": words, "STAGES": STAGES, "SETS": SETS, "COMMITTED": COMMITTED}
    text = environment.get_template("page.html.j2").render(
        run=summary,
        plots={name: _inline(plot) for name, plot in _plots(summary).items()},
        request_plots=[{name: _inline(plot) for name, plot in _request_plots(run).items()} for run in summary.requests],
        style=Markup(_style(environment)),
        tiles=_tiles(summary),
        tensor_names=[mask.short_paths([tensor.path for tensor in run.mask.tensors], longest=60) for run in summary.requests],
    )
    return text.encode()


def _inline(plot: Plot) -> dict[str, str]:
    """The SVG goes in as markup: it is drawn here, with its texts escaped by the drawing."""
    return {"svg": Markup(plot.svg), "title": plot.title}


def _style(environment: Environment) -> str:
    return environment.get_template("style.css").render()


def _plots(summary: Summary) -> dict[str, Plot]:
    return {
        "along_chain": accuracy.along_chain(summary),
        "by_stage": accuracy.by_stage(summary),
        "by_class": accuracy.by_class(summary),
        "base_distance": enrolment.base_distance(summary),
        "time": cost.time_by_stage(summary),
        "memory": cost.memory_by_stage(summary),
        "prover_steps": cost.prover_steps(summary),
    }


def _request_plots(request: RequestRun) -> dict[str, Plot]:
    return {
        "where": mask.where(request),
        "by_chunk": mask.by_chunk(request),
        "distances": certificate.distances(request),
        "budget_use": certificate.budget_use(request),
    }


def _tiles(summary: Summary) -> list[tuple[str, str, str]]:
    """The few figures that a reader looks for first: name, value, what it is measured against."""
    return [*_accuracy_tiles(summary), *_cost_tiles(summary)]


def _accuracy_tiles(summary: Summary) -> list[tuple[str, str, str]]:
    before, masked, first, last = (summary.accuracy[stage] for stage in ("personalised", "masked", "compensated", "renewed"))
    return [
        (
            "First classes, at the end",
            _percent(last["forget"]),
            f"was {_percent(before['forget'])}; {_percent(first['forget'])} after their own request",
        ),
        ("Second classes, at the end", _percent(last["forget_second"]), f"was {_percent(before['forget_second'])}"),
        (
            "Personal accuracy",
            _percent(last["personal"]),
            f"was {_percent(before['personal'])}; first mask alone {_percent(masked['personal'])}",
        ),
    ]


def _cost_tiles(summary: Summary) -> list[tuple[str, str, str]]:
    proofs = [proof for run in summary.requests for proof in run.cost.proofs]
    prove, weights = sum(proof.prove_seconds for proof in proofs), sum(proof.weights for proof in proofs)
    refused = sum(cheat.refused for cheat in summary.cheats.values())
    prover, verifier = words.megabytes(summary.prover_peak_rss_bytes), words.megabytes(summary.verifier_peak_rss_bytes)
    return [
        ("To prove", words.duration(prove), f"{len(summary.requests)} requests, {summary.prove_us_per_weight:.1f} µs a weight, {prover} at peak"),
        (
            "To verify",
            words.duration(1e-6 * summary.verify_us_per_weight * weights),
            f"{summary.verify_us_per_weight:.2f} µs a weight, {verifier} at peak",
        ),
        ("Proofs of requests", words.size(summary.proof_bytes), f"{len(proofs)} chunks; files of {words.size(summary.bundle_bytes)}"),
        (
            "Enrolment proof",
            words.size(summary.enrol_proof_bytes),
            f"{summary.enrol_us_per_weight:.1f} µs a weight to prove, {summary.enrol_verify_us_per_weight:.2f} to verify",
        ),
        ("Cheats refused", f"{refused} of {len(summary.cheats)}", "dishonest clients, tried for real"),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
