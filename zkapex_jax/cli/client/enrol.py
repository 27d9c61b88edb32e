"""`zkapex enrol`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import (
    AsJson,
    Cache,
    Check,
    DataFile,
    Draws,
    Force,
    MicroBatch,
    ModelDir,
    Quiet,
    RowKind,
    Rows,
    RowSeed,
    ShowProgress,
    SrsFile,
    TablesFile,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_bytes, human_seconds
from zkapex_jax.protocol import Base, load_public


@guarded
def enrol(
    folder: Annotated[Path, typer.Argument(metavar="CLIENT", help="The client's folder, to be made.")],
    model: ModelDir,
    base: Annotated[Path, option("base", "FILE", "The provider's base file, as `zkapex base` made it.")],
    data: DataFile,
    client_id: Annotated[str, option("client", "ID", "Client id: 1 to 64 letters, digits, dots, dashes, underscores.")],
    provider_key: Annotated[
        str | None,
        option("provider-key", "FILE", "The provider's public key, which must have signed the base: a .pub file, or its hex."),
    ] = None,
    check: Check = True,
    rows: Rows = RowKind.EXAMPLES,
    draws: Draws = None,
    seed: RowSeed = 0,
    micro_batch: MicroBatch = 8,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Client: commit to a personalised model and its curvature, before any deletion request exists, and prove the enrolment.

    Computes gradient rows, of an example each or as a sketch of many gradients (--rows), rounds weights and rows to integers,
    commits to them, and proves that the rows are small and the weights near the base. CLIENT then holds enrolment.safetensors and
    enrolment-proof.safetensors (public, for the provider) and secret.safetensors (owner-only: keep it, and openings.json
    beside it). Target tensors, preset and kind of reference string are those of the base file.
    """
    from zkapex_jax.cli.client.personal import RowOptions, enrol_model

    output, started_from = Output(as_json, quiet, progress), Base.from_file(base)
    key = load_public(provider_key) if provider_key is not None else None
    tool = options.toolchain_for(started_from, cache, tables=tables, srs=srs, threads=threads)
    result = enrol_model(
        output, tool, started_from, folder=folder, model=model, rows=RowOptions(data, rows, draws, seed, micro_batch), client_id=client_id,
        provider_key=key, check=check, force=force,
    )  # fmt: skip
    weights = started_from.layout.weights
    output.result(
        {"client_id": client_id, "weights": weights, "insecure": tool.insecure, "result": result},
        f"enrolled {client_id}: {weights:,} weights in {len(result.gamma)} chunks, {human_seconds(result.seconds)} "
        f"({result.proof_us_per_weight:.1f} µs a weight for the proof)",
        f"  public  {result.enrolment}  (digest {result.digest[:16]}…)",
        f"  proof   {result.proof}  ({human_bytes(result.proof_bytes)}; send both to the provider)",
        f"  secret  {result.secret}",
    )
