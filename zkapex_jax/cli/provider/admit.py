"""`zkapex admit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import (
    AllowInsecure,
    AsJson,
    Cache,
    Force,
    KeyFile,
    ProviderDir,
    Quiet,
    ShowProgress,
    SrsFile,
    TablesFile,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_seconds
from zkapex_jax.cli.provider.refusing import RefusalFile, Refusing
from zkapex_jax.cli.provider.state import copy_state
from zkapex_jax.protocol import Enrolment
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow import admit as admit_files

PROOF_NAME = "enrolment-proof.safetensors"


@guarded
def admit(
    enrolment: Annotated[Path, typer.Argument(metavar="ENROLMENT", help="The client's enrolment.safetensors.")],
    provider: ProviderDir,
    proof: Annotated[Path | None, option("proof", "FILE", f"Its proof. Default: {PROOF_NAME} beside it.")] = None,
    out: Annotated[Path | None, option("out", "FILE", "Also write the client's state here.")] = None,
    refusal: RefusalFile = None,
    key: KeyFile = None,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    allow_insecure: AllowInsecure = False,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Provider: verify an enrolment's proof, check every commitment, and record both in the ledger.

    Refused, and not recorded: a failed proof, another base model, a commitment that was seen before, a new enrolment of a
    client that still owes an answer, or one that does not start from the client's current state. Where the provider's key is at
    hand, a signed refusal is written for the client, as a service does.
    """
    output, proof = Output(as_json, quiet, progress), proof or enrolment.with_name(PROOF_NAME)
    refusing = Refusing.of(provider, key, refusal, force=force, note=output.note)
    given = Enrolment.from_file(enrolment)
    tool = options.toolchain_for(given, cache, tables=tables, srs=srs, threads=threads)
    with Provider.open(provider) as opened, refusing.signing(opened, enrolment, proof), output.bars() as on_progress:
        result = admit_files(tool, opened, enrolment, proof, allow_insecure=allow_insecure, on_progress=on_progress)
    state = copy_state(result.state, out, force=force)
    speed = (
        f"proof verified in {human_seconds(result.seconds)} ({result.us_per_weight:.2f} µs a weight)"
        if result.chunks
        else "recorded before"
    )
    output.result(
        {"result": result, "state": state},
        f"admitted {result.client_id} {'anew ' if result.renewed else ''}as event {result.position} of the ledger: {speed}",
        f"  state  {state}  (send it to the client)",
        *(
            ["[yellow]insecure:[/] made with a test preset or a local reference string; it convinces nobody"]
            if result.insecure
            else []
        ),
    )
