"""One self-contained HTML page from a summary: no script, no outside asset, readable on a phone and offline."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from zkapex_jax.report import words
from zkapex_jax.report.plots import accuracy, certificate, cost, mask
from zkapex_jax.report.plots.canvas import Plot
from zkapex_jax.report.summary import Summary
from zkapex_jax.report.values import SETS, STAGES


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
    environment.globals |= {"words": words, "STAGES": STAGES, "SETS": SETS}
    text = environment.get_template("page.html.j2").render(
        run=summary,
        plots={name: _inline(plot) for name, plot in _plots(summary).items()},
        style=Markup(_style(environment)),
        tiles=_tiles(summary),
        tensor_names=mask.short_paths([tensor.path for tensor in summary.mask.tensors], longest=60),
    )
    return text.encode()


def _inline(plot: Plot) -> dict[str, str]:
    """The SVG goes in as markup: it is drawn here, with its texts escaped by the drawing."""
    return {"svg": Markup(plot.svg), "title": plot.title}


def _style(environment: Environment) -> str:
    return environment.get_template("style.css").render()


def _plots(summary: Summary) -> dict[str, Plot]:
    return {
        "by_stage": accuracy.by_stage(summary),
        "by_class": accuracy.by_class(summary),
        "where": mask.where(summary),
        "by_chunk": mask.by_chunk(summary),
        "distances": certificate.distances(summary),
        "budget_use": certificate.budget_use(summary),
        "time": cost.time_by_stage(summary),
        "memory": cost.memory_by_stage(summary),
        "prover_steps": cost.prover_steps(summary),
    }


def _tiles(summary: Summary) -> list[tuple[str, str, str]]:
    """The few figures that a reader looks for first: name, value, what it is measured against."""
    forget = summary.accuracy
    prove = sum(proof.prove_seconds for proof in summary.proofs)
    verify = summary.verify_us_per_weight * sum(proof.weights for proof in summary.proofs) / 1e6
    return [
        (
            "Forget accuracy",
            f"{100 * forget['compensated']['forget']:.1f} %",
            f"was {100 * forget['personalised']['forget']:.1f} %; masked only {100 * forget['masked']['forget']:.1f} %",
        ),
        (
            "Personal accuracy",
            f"{100 * forget['compensated']['personal']:.1f} %",
            f"was {100 * forget['personalised']['personal']:.1f} %; masked only {100 * forget['masked']['personal']:.1f} %",
        ),
        ("To prove", words.duration(prove), f"{summary.prove_us_per_weight:.1f} µs a weight, {words.megabytes(summary.prover_peak_rss_bytes)} at peak"),
        ("To verify", words.duration(verify), f"{summary.verify_us_per_weight:.2f} µs a weight, {words.megabytes(summary.verifier_peak_rss_bytes)} at peak"),
        ("Proof", words.size(summary.proof_bytes), f"{summary.chunks} chunks; the bundle file is {words.size(summary.bundle_bytes)}"),
        (
            "Cheats refused",
            f"{sum(cheat.refused for cheat in summary.cheats.values())} of {len(summary.cheats)}",
            "dishonest clients, tried for real",
        ),
    ]
