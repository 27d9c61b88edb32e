"""What is left of a run: the summary, the page, a few lines for a terminal, and an exit code."""

from __future__ import annotations

from zkapex_jax.demo.display import Display
from zkapex_jax.demo.options import Folders
from zkapex_jax.errors import RefusedError
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.report.page import render
from zkapex_jax.report.summary import Summary, to_json
from zkapex_jax.report.values import COMMITTED, SETS
from zkapex_jax.report.words import SET_TITLES, megabytes


def write(summary: Summary, folders: Folders, display: Display) -> None:
    """Both files, and the headline."""
    write_bytes(folders.summary, to_json(summary), force=True)
    write_bytes(folders.page, render(summary), force=True)
    for line in ("", *headline(summary), f"  {folders.summary}", f"  {folders.page}"):
        display.say(line)


def exit_code(summary: Summary) -> int:
    """0 for a verified run, otherwise the code of a refusal."""
    return 0 if summary.verified else RefusedError.exit_code


def headline(summary: Summary) -> list[str]:
    """The verdict in a few lines, for a terminal."""
    refused = sum(cheat.refused for cheat in summary.cheats.values())
    forgotten = summary.chain[-1].forgotten if summary.chain else 0
    return [
        "[bold green]verified[/]" if summary.verified else "[bold red]NOT verified[/]",
        *(f"[red]  {failure}[/]" for failure in summary.failures),
        "  accuracy, %               enrolled  request 1  request 2  re-enrolled",
        *(
            f"  {SET_TITLES[set_]:<24}" + "".join(f"{100 * summary.accuracy[stage][set_]:>10.1f}" for stage in COMMITTED)
            for set_ in SETS
        ),
        f"  {forgotten:,} of {summary.weights:,} weights forgotten, zero in every later state"
        if not any(link.nonzero for link in summary.chain)
        else "  forgotten weights came back",
        f"  enrolment proof: {summary.enrol_us_per_weight:.1f} µs a weight, verified at {summary.enrol_verify_us_per_weight:.2f}, "
        f"{summary.enrol_proof_bytes:,} bytes",
        f"  request proofs: {summary.prove_us_per_weight:.1f} µs a weight, verified at {summary.verify_us_per_weight:.2f}, "
        f"{summary.proof_bytes:,} bytes in all",
        f"  peak memory: prover {megabytes(summary.prover_peak_rss_bytes)}, verifier {megabytes(summary.verifier_peak_rss_bytes)}",
        f"  {refused} of {len(summary.cheats)} cheats refused",
    ]
