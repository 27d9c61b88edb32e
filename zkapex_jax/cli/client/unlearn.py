"""`zkapex unlearn`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated


from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import (
    AsJson,
    Cache,
    Check,
    ClientDir,
    Force,
    Quiet,
    RequestFile,
    SavedFrom,
    SaveModel,
    ShowProgress,
    SrsFile,
    StateFile,
    TablesFile,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_seconds
from zkapex_jax.cli.client.saving import Saving
from zkapex_jax.protocol import Enrolment, load_public
from zkapex_jax.workflow import ClientFolder


@guarded
def unlearn(
    folder: ClientDir,
    request: RequestFile,
    state: StateFile,
    provider_key: Annotated[str, option("provider-key", "KEY", "The provider's public key: a .pub file, or its hex.")],
    out: Annotated[Path | None, option("out", "FILE", "The update file. Default: in the client's folder.")] = None,
    model: SavedFrom = None,
    save_model: SaveModel = None,
    check: Check = True,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Client: zero the requested weights, compensate the others, and check the answer before it is proven.

    The update is secret and stays in the client's folder. If an honest answer cannot meet the request's budget, this
    command says so and writes nothing.
    """
    from zkapex_jax.workflow.costs.libraries import check_python_room

    check_python_room("the repair", folder)
    from zkapex_jax.workflow import unlearn as unlearn_files  # here: it loads what there may be no room for

    output, saving = Output(as_json, quiet, progress), Saving.asked(model, save_model, force=force)
    enrolment = Enrolment.from_file(ClientFolder.open(folder).enrolment)
    tool = options.toolchain_for(enrolment, cache, tables=tables, srs=srs, threads=threads)
    with output.bars() as on_progress:
        result = unlearn_files(
            tool, folder=folder, request=request, state=state, provider_key=load_public(provider_key), out=out, check=check,
            force=force, on_progress=on_progress,
        )  # fmt: skip
    if saving is not None:
        saving.save(folder=folder, request=request, provider_key=load_public(provider_key), update=result.update)
    rows = [
        [
            c.chunk,
            f"{c.weights:,}",
            f"{c.masked:,}",
            f"{c.true_distance:.0f}",
            f"{c.certified_distance:.0f}",
            f"{c.d_sum / c.d:.2f}",
            c.constraints_checked,
        ]
        for c in result.chunks
    ]
    output.table("", ["chunk", "weights", "zeroed", "true distance", "certified", "budget used", "constraints checked"], rows)
    document = {"update": result.update, "chunks": result.chunks, "seconds": result.seconds, "model": save_model}
    output.result(document, f"update  {result.update}  ({human_seconds(result.seconds)}; secret, prove it with `zkapex prove`)")

