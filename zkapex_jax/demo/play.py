"""`zkapex demo`: provider, client, request, compensation, proof, verdict, cheats, report; one clean run."""

from __future__ import annotations

import time

from rich.console import Console

from zkapex_jax.demo import path
from zkapex_jax.demo.attacks import try_forgeries, try_replays
from zkapex_jax.demo.clock import Clock
from zkapex_jax.demo.collect import summarise
from zkapex_jax.demo.display import Bars, Display, Quiet
from zkapex_jax.demo.measure import measure
from zkapex_jax.demo.options import DemoOptions, Folders, prepare, send
from zkapex_jax.demo.scene import set_scene
from zkapex_jax.errors import RefusedError
from zkapex_jax.formats.atomic import write_bytes
from zkapex_jax.report.page import render
from zkapex_jax.report.parts import Cheat
from zkapex_jax.report.summary import Summary, to_json
from zkapex_jax import workflow


def run(options: DemoOptions, *, quiet: bool = False, console: Console | None = None) -> Summary:
    """The whole path; writes `summary.json` and `report.html` under `options.out` and returns the summary.

    `summary.verified` is false, and `summary.failures` says why, if the honest bundle was refused, a cheat was not,
    or a certificate is untrue.

    Raises:
        InputError: no such task or preset. StorageError: see `options.prepare`. RefusedError: the reference checker
            found a violated constraint, so that nothing was proven. Any other ZkapexError of a step.
    """
    started = time.perf_counter()
    folders = prepare(options)
    display = Quiet() if quiet else Bars(console or Console(stderr=True))
    summary = _play(options, folders, Clock(display), started)
    _write(summary, folders, display)
    return summary


def exit_code(summary: Summary) -> int:
    """0 for a verified run, otherwise the code of a refusal."""
    return 0 if summary.verified else RefusedError.exit_code


def _play(options: DemoOptions, folders: Folders, clock: Clock, started: float) -> Summary:
    tool = path.open_tools(options, folders, clock)
    scene = set_scene(options, folders, clock)
    with path.open_provider(folders, tool, scene) as parties:
        enrolled = path.enrol_clients(parties, scene, folders, clock)
        deletion, request = path.publish_request(parties, scene, enrolled, folders, clock)
        received = send(request.path, folders.client_inbox, "request.safetensors")
        unlearned = path.unlearn(parties, enrolled, received, folders, clock)
        proof = path.prove(parties, enrolled, received, unlearned.update, folders, clock)
        cheats = try_forgeries(parties, enrolled, received, unlearned.update, folders, clock)
        verdict = path.verify(parties, proof.bundle, folders, clock)
        if verdict.accepted and verdict.state is not None:
            state = send(verdict.state, folders.client_inbox, "next-state.safetensors")
            workflow.advance(folder=folders.client, request=received, update=unlearned.update, bundle=proof.bundle, state=state)
            cheats |= try_replays(parties, scene, deletion, enrolled, proof.bundle, state, folders, clock)
        else:
            cheats["replay_request"] = _not_tried()
        with clock.stage("measure", "accuracy of the five models", "check") as running:
            measured = measure(scene, deletion, enrolled.rows, tool.preset, unlearned.theta_u, running)
    return summarise(
        options, folders, parties, scene, enrolled, deletion, request, unlearned, proof, verdict, cheats, measured, clock, started
    )


def _not_tried() -> Cheat:
    return Cheat(refused=False, reason="could not be tried: no bundle was accepted", title="Replays a bundle", detail="", named=[])


def _write(summary: Summary, folders: Folders, display: Display) -> None:
    write_bytes(folders.summary, to_json(summary), force=True)
    write_bytes(folders.page, render(summary), force=True)
    display.say("")
    for line in headline(summary):
        display.say(line)
    display.say(f"  {folders.summary}\n  {folders.page}")


def headline(summary: Summary) -> list[str]:
    """The verdict in a few lines, for a terminal."""
    accuracy = summary.accuracy
    rows = [(set_, *(100 * accuracy[stage][set_] for stage in ("personalised", "masked", "compensated"))) for set_ in accuracy["base"]]
    refused = sum(cheat.refused for cheat in summary.cheats.values())
    return [
        "[bold green]verified[/]" if summary.verified else "[bold red]NOT verified[/]",
        *(f"[red]  {failure}[/]" for failure in summary.failures),
        *(f"  {name:<9} {before:5.1f} % → {masked:5.1f} % masked → {after:5.1f} % compensated, proven" for name, before, masked, after in rows),
        f"  {summary.weights:,} weights in {summary.chunks} chunks: proven at {summary.prove_us_per_weight:.1f} µs a weight, "
        f"verified at {summary.verify_us_per_weight:.2f}, {summary.proof_bytes:,} bytes of proof",
        f"  {refused} of {len(summary.cheats)} cheats refused",
    ]
