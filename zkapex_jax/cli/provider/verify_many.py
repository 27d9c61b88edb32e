"""`zkapex verify` of many bundles, or on a cluster: each has its own verdict, and none stops the others."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.output import NOT_PROVEN, Output, human_seconds
from zkapex_jax.cli.provider.refusing import Refusing
from zkapex_jax.cli.provider.state import copy_state
from zkapex_jax.errors import InputError, RefusedError, StorageError
from zkapex_jax.protocol import Enrolment
from zkapex_jax.workflow import Provider, Toolchain
from zkapex_jax.workflow.cluster.verifying import BundleOutcome, verify_bundles


def verify_many(
    output: Output, bundles: Sequence[Path], provider: Path | None, tool_for: Callable[[Enrolment], Toolchain], *,
    out: Path | None, refusing: Refusing | None, ray: str | None, threads: int | None, allow_insecure: bool, force: bool,
) -> None:  # fmt: skip
    """Verify for a ledger and print every verdict. Exit code 0 if all were accepted, 3 if any was refused, else the error's."""
    if provider is None or refusing is None:
        raise InputError("is missing: many bundles, or --ray, need the provider's ledger", field="provider")
    if out is not None and len(bundles) > 1:
        raise InputError("names one file: with many bundles, take the states with `zkapex state`", field="out")
    if refusing.out is not None and len(bundles) > 1:
        raise InputError("names one file: with many bundles, each refusal is written beside its bundle", field="refusal")
    tools = _each_once(tool_for)
    with (
        Provider.open(provider) as opened,
        options.joined(ray, threads) as cluster,
        output.bars() as on_progress,
    ):
        outcomes = verify_bundles(tools, opened, bundles, cluster=cluster, allow_insecure=allow_insecure, on_progress=on_progress)
        refusals = {outcome.bundle: _signed(refusing, opened, outcome) for outcome in outcomes}
    states = [outcome.result.state for outcome in outcomes if outcome.result and outcome.result.state]
    if out is not None and states:
        copy_state(states[0], out, force=force)
    accepted = sum(outcome.accepted for outcome in outcomes)
    document = {
        "accepted": accepted == len(outcomes),
        "bundles": [_entry(outcome, refusals[outcome.bundle]) for outcome in outcomes],
        "not_proven": NOT_PROVEN,
    }
    lines = (_line(outcome, refusals[outcome.bundle]) for outcome in outcomes)
    output.result(document, *lines, f"{accepted} of {len(outcomes)} bundles accepted", f"[dim]{NOT_PROVEN}[/]")
    if accepted < len(outcomes):
        raise typer.Exit(_exit_code(outcomes))


def _each_once(tool_for: Callable[[Enrolment], Toolchain]) -> Callable[[Enrolment], Toolchain]:
    """One toolchain for all clients of a preset and kind of reference string."""
    made: dict[tuple[str, bool], Toolchain] = {}

    @functools.wraps(tool_for)
    def tool(enrolment: Enrolment) -> Toolchain:
        key = (enrolment.preset, enrolment.srs_insecure)
        if key not in made:
            made[key] = tool_for(enrolment)
        return made[key]

    return tool


def _signed(refusing: Refusing, provider: Provider, outcome: BundleOutcome) -> Path | None:
    """The file of the provider's word on a bundle that was refused; what keeps it from being signed stops none of the others."""
    try:
        if outcome.result is not None and not outcome.accepted:
            return refusing.verdict(provider, outcome.bundle, outcome.result.bundle_digest)
        if isinstance(outcome.error, RefusedError):
            with refusing.signing(provider, outcome.bundle):
                raise outcome.error
    except RefusedError as error:
        return Path(error.refusal) if error.refusal else None
    except (InputError, StorageError):
        return None
    return None


def _entry(outcome: BundleOutcome, refusal: Path | None) -> dict[str, object]:
    error = outcome.error.to_dict() if outcome.error else None
    return {"bundle": outcome.bundle, "accepted": outcome.accepted, "result": outcome.result, "error": error, "refusal": refusal}


def _line(outcome: BundleOutcome, refusal: Path | None) -> str:
    if outcome.error is not None:
        return f"[red]no verdict[/] {outcome.error}"
    result = outcome.result
    if result is None or not result.accepted:
        return f"[red]refused[/] {outcome.bundle}: {result.reason if result else ''}{f'; the signed refusal is in {refusal}' if refusal else ''}"
    again = ", recorded before" if result.already_recorded else ""
    return f"[green]accepted[/] {result.client_id} for {result.request_id}: {result.weights:,} weights, {human_seconds(result.seconds)}{again}"


def _exit_code(outcomes: Sequence[BundleOutcome]) -> int:
    refused = any(outcome.result is not None and not outcome.accepted for outcome in outcomes)
    errors = [outcome.error.exit_code for outcome in outcomes if outcome.error is not None]
    return RefusedError.exit_code if refused or not errors or RefusedError.exit_code in errors else errors[0]
