"""`zkapex enrol`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Cache, Force, ModelDir, Quiet, ShowProgress, SrsFile, TablesFile, Threads, option
from zkapex_jax.cli.output import Output, human_bytes, human_seconds
from zkapex_jax.protocol import Base, load_public

BaseFile = Annotated[
    Path | None,
    option("base", "FILE", "The provider's base file. Default: the one in the client's folder."),
]
Check = Annotated[
    bool, typer.Option("--check/--no-check", help="Let the reference checker read every constraint before proving.")
]


@guarded
def enrol(
    folder: Annotated[Path, typer.Argument(metavar="CLIENT", help="The client's folder, to be made.")],
    model: ModelDir,
    base: Annotated[Path, option("base", "FILE", "The provider's base file, as `zkapex base` made it.")],
    data: Annotated[Path, option("data", "FILE", "Personal data: safetensors of pixel_values and labels, or input_ids.")],
    client_id: Annotated[str, option("client", "ID", "Client id: 1 to 64 letters, digits, dots, dashes, underscores.")],
    provider_key: Annotated[
        str | None,
        option("provider-key", "FILE", "The provider's public key, which must have signed the base: a .pub file, or its hex."),
    ] = None,
    check: Check = True,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Chooses the examples whose gradients are enrolled.")] = 0,
    micro_batch: Annotated[
        int, typer.Option("--micro-batch", min=1, metavar="N", help="Gradients computed at once: memory against time.")
    ] = 8,
    cache: Cache = options.DEFAULT_CACHE,
    tables: TablesFile = None,
    srs: SrsFile = None,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Client: commit to a personalised model and its curvature, before any deletion request exists, and prove the enrolment.

    Computes one gradient row an example, rounds weights and rows to integers, commits to them, and proves that the rows
    are small and the weights near the base. CLIENT then holds enrolment.safetensors and enrolment-proof.safetensors
    (public, for the provider) and secret.safetensors (owner-only: keep it, and openings.json beside it).
    Target tensors, preset and kind of reference string are those of the base file.
    """
    from zkapex_jax.cli.personal import enrol_model

    output, started_from = Output(as_json, quiet, progress), Base.from_file(base)
    key = load_public(provider_key) if provider_key is not None else None
    tool = options.toolchain_for(started_from, cache, tables=tables, srs=srs, threads=threads)
    result = enrol_model(
        output, tool, started_from, folder=folder, model=model, data=data, client_id=client_id, provider_key=key, check=check,
        seed=seed, micro_batch=micro_batch, force=force,
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
