"""`zkapex verify-enrolment`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AllowInsecure, AsJson, Cache, Quiet, ShowProgress, SrsFile, TablesFile, Threads, option
from zkapex_jax.cli.output import Output, human_seconds
from zkapex_jax.errors import RefusedError
from zkapex_jax.protocol import Enrolment, load_public
from zkapex_jax.workflow import check_enrolment

State = Annotated[Path | None, option("state", "FILE", "The state that a re-enrolment replaces.")]


@guarded
def verify_enrolment(
    enrolment: Annotated[Path, typer.Argument(metavar="ENROLMENT", help="The client's enrolment.")],
    proof: Annotated[Path, option("proof", "FILE", "Its proof.")],
    base: Annotated[Path, option("base", "FILE", "The provider's base file.")],
    provider_key: Annotated[str, option("provider-key", "FILE", "The provider's public key: a .pub file, or its hex.")],
    state: State = None,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    allow_insecure: AllowInsecure = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Verify an enrolment's proof from files alone, as an auditor does. Nothing is recorded.

    Accepted means: every committed curvature entry is below 2^28 in magnitude, the weights lie within the base's allowed
    distance of it, pads and forgotten weights are zero; and with --state, that the weights are those of that state.
    """
    output = Output(as_json, quiet, progress)
    tool = options.toolchain_for(Enrolment.from_file(enrolment), cache, tables=tables, srs=srs, threads=threads)
    with output.bars() as on_progress:
        result = check_enrolment(
            tool, base=base, enrolment=enrolment, proof=proof, provider_key=load_public(provider_key), state=state,
            allow_insecure=allow_insecure, on_progress=on_progress,
        )  # fmt: skip
    if not result.accepted:
        if output.as_json:
            output.result({"accepted": False, "result": result})
            raise typer.Exit(RefusedError.exit_code)
        raise RefusedError(f"proof refused: {result.reason}", code="proof_refused", file=proof)
    output.result(
        {"accepted": True, "result": result},
        f"[green]accepted[/] {result.weights:,} weights, {human_seconds(result.seconds)} ({result.us_per_weight:.2f} µs a weight)",
    )
