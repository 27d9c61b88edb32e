"""`zkapex admit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Cache, Force, ProviderDir, Quiet, ShowProgress, SrsFile, TablesFile, Threads, option
from zkapex_jax.cli.output import Output
from zkapex_jax.cli.state import copy_state
from zkapex_jax.protocol import Enrolment
from zkapex_jax.workflow import Provider
from zkapex_jax.workflow import admit as admit_files


@guarded
def admit(
    enrolment: Annotated[Path, typer.Argument(metavar="ENROLMENT", help="The client's enrolment.safetensors.")],
    provider: ProviderDir,
    out: Annotated[Path | None, option("out", "FILE", "Also write the client's first state here.")] = None,
    cache: Cache = options.DEFAULT_CACHE,
    tables: TablesFile = None,
    srs: SrsFile = None,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Provider: check every commitment of an enrolment and record it in the ledger.

    Refused: a commitment that was seen before, and a new enrolment of a client that still owes an answer.
    """
    output = Output(as_json, quiet, progress)
    given = Enrolment.from_file(enrolment)
    tool = options.toolchain_for(given, cache, tables=tables, srs=srs, threads=threads)
    with Provider.open(provider) as opened, output.bars() as on_progress:
        result = admit_files(tool, opened, enrolment, on_progress=on_progress)
    state = copy_state(result.state, out, force=force)
    output.result(
        {"result": result, "state": state},
        f"admitted {result.client_id} as event {result.position} of the ledger",
        f"  state  {state}  (send it to the client)",
    )
