"""`zkapex request` and `zkapex publish`."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.provider.keygen import KEY_NAME
from zkapex_jax.cli.options import (
    AsJson,
    Cache,
    Force,
    InsecureSrs,
    MicroBatch,
    PresetName,
    ProviderDir,
    Quiet,
    ShowProgress,
    SrsFile,
    TablesFile,
    Target,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_seconds
from zkapex_jax.errors import InputError
from zkapex_jax.formats.container import open_container
from zkapex_jax.protocol import Base, ChunkedLayout, Request, SigningKey
from zkapex_jax.workflow import Provider, publish_base
from zkapex_jax.workflow import publish as publish_files


@guarded
def request(
    base: Annotated[Path, option("base", "DIR", "The provider's base model.")],
    forget_data: Annotated[Path, option("forget-data", "FILE", "Examples to be forgotten (safetensors).")],
    retain_data: Annotated[Path, option("retain-data", "FILE", "Examples that must keep working (safetensors).")],
    target: Target,
    forget: Annotated[str, option("forget", "TEXT", "What is forgotten, in words; it is public.")],
    provider: ProviderDir,
    out: Annotated[Path, option("out", "FILE", "The request file to write.")],
    sparsity: Annotated[float, typer.Option("--sparsity", metavar="SHARE", help="Share of the target weights to zero.")] = 0.05,
    budget: Annotated[
        str | None,
        option(
            "budget",
            "FACTOR",
            "How far free weights may move: D as a multiple of the masked base weights' energy. Default: measured on honest clients.",
        ),
    ] = None,
    chunks: Annotated[
        int | None,
        typer.Option(
            "--chunks", min=1, metavar="T", show_default=False,
            help="Cluster the mask in at most T chunks: cheaper to answer, forgets less. See `zkapex plan`. Default: no limit.",
        ),
    ] = None,
    key: Annotated[Path | None, option("key", "FILE", "Signing key. Default: provider.key in the provider's folder.")] = None,
    micro_batch: MicroBatch = 8,
    preset: PresetName = options.DEFAULT_PRESET,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    insecure_srs: InsecureSrs = False,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Provider: choose the weights that carry the forgotten data, sign the request, and publish it in the ledger.

    The mask takes the weights whose removal hurts the forgotten data most and the retained least. The request also
    carries forget rows, which keep compensation from undoing the forgetting, and a budget for each touched chunk.
    Only clients that are enrolled already can answer it.
    """
    from zkapex_jax.cli.inputs import check_weights, load_examples, load_model
    from zkapex_jax.workflow import (
        Passes,
        base_digest,
        check_request_room,
        create_request,
        find_base,
        fleet_gammas,
        plan_request,
        scale_forget_rows,
    )

    output = Output(as_json, quiet, progress)
    _factor(budget)
    signing_key = SigningKey.load(key or provider / KEY_NAME)
    tool = options.toolchain(preset, cache, tables=tables, srs=srs, threads=threads, insecure_srs=insecure_srs)
    loaded = load_model(base, target)
    check_request_room(tool.preset, ChunkedLayout.cut(loaded.layout, tool.preset), chunks, micro_batch, provider, out)
    examples = [load_examples(path, loaded.model) for path in (forget_data, retain_data)]
    with Provider.open(provider) as opened, output.bars() as on_progress:
        published_base = find_base(
            opened, base_digest(check_weights(loaded)), ChunkedLayout.cut(loaded.layout, tool.preset), preset
        )
        gammas = fleet_gammas(opened, loaded.layout, tool.preset)
        plan = plan_request(
            tool.preset, Passes(loaded.model.loss, loaded.layout, micro_batch, provider, on_progress), loaded.params, *examples,
            sparsity=sparsity, budget_factor=_factor(budget), chunks=chunks,
        )  # fmt: skip
        made = create_request(
            tool, out=out, key=signing_key, model=published_base.model_ref, layout=loaded.layout, mask=plan.mask,
            forget_rows=scale_forget_rows(plan.rows, loaded.layout, tool.preset, gammas, scratch=provider), budget=plan.budget, forget=forget,
            force=force, on_progress=on_progress,
        )  # fmt: skip
        published = publish_files(tool, opened, out, on_progress=on_progress)
    output.result(
        {"result": made, "published": published, "clients": len(gammas)},
        f"request {made.request_id}: {made.masked:,} weights to zero, {len(made.touched)} chunks to prove ({made.weights:,} weights)",
        f"  file   {out}  (event {published.position} of the ledger, {human_seconds(made.seconds)}; send it to the clients)",
    )


def _factor(text: str | None) -> Fraction | None:
    """A positive decimal such as 0.6, exactly."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", text) or not (factor := Fraction(text)):
        raise InputError("must be a positive decimal such as 0.6", field="budget", value=text)
    return factor


@guarded
def publish(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A signed request or base.")],
    provider: ProviderDir,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Provider: record a request or base that was signed elsewhere, or whose making was interrupted, after recomputing its commitments."""
    output = Output(as_json, quiet, progress)
    kind = Base if open_container(file).kind == Base.kind else Request
    tool = options.toolchain_for(kind.from_file(file), cache, tables=tables, srs=srs, threads=threads)
    record = publish_base if kind is Base else publish_files
    with Provider.open(provider) as opened, output.bars() as on_progress:
        result = record(tool, opened, file, on_progress=on_progress)
    output.result({"result": result}, f"published {kind.kind} {result.digest[:16]}… as event {result.position} of the ledger")
