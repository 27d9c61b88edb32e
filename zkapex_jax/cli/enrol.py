"""`zkapex enrol`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import (
    AsJson,
    Cache,
    Force,
    InsecureSrs,
    ModelDir,
    PresetName,
    Quiet,
    ShowProgress,
    SrsFile,
    TablesFile,
    Target,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_seconds
from zkapex_jax.errors import StorageError
from zkapex_jax.formats.atomic import make_directory


@guarded
def enrol(
    folder: Annotated[Path, typer.Argument(metavar="CLIENT", help="The client's folder, to be made.")],
    model: ModelDir,
    base: Annotated[Path, option("base", "DIR", "The provider's base model, which the enrolment names.")],
    data: Annotated[Path, option("data", "FILE", "Personal data: safetensors of pixel_values and labels, or input_ids.")],
    target: Target,
    client_id: Annotated[str, option("client", "ID", "Client id: 1 to 64 letters, digits, dots, dashes, underscores.")],
    model_name: Annotated[str | None, option("model-name", "NAME", "Name of the model. Default: the base folder's name.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Chooses the examples whose gradients are enrolled.")] = 0,
    micro_batch: Annotated[
        int, typer.Option("--micro-batch", min=1, metavar="N", help="Gradients computed at once: memory against time.")
    ] = 8,
    preset: PresetName = options.DEFAULT_PRESET,
    cache: Cache = options.DEFAULT_CACHE,
    tables: TablesFile = None,
    srs: SrsFile = None,
    insecure_srs: InsecureSrs = False,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Client: commit to a personalised model and its curvature, before any deletion request exists.

    Computes one gradient row an example, rounds weights and rows to integers, and commits to them. CLIENT then holds
    enrolment.safetensors (public, for the provider) and secret.safetensors (owner-only: keep it).
    """
    from zkapex_jax.cli.inputs import check_weights, draw, load_examples, load_model, model_ref, same_layout
    from zkapex_jax.curvature import clip_rows, create_rows, per_example_gradients
    from zkapex_jax.workflow import enrol as enrol_files

    output = Output(as_json, quiet, progress)
    tool = options.toolchain(preset, cache, tables=tables, srs=srs, threads=threads, insecure_srs=insecure_srs)
    personal, provider_model = load_model(model, target), load_model(base, target)
    same_layout(personal, provider_model)
    check_weights(personal)  # before minutes of gradients, not after
    examples = draw(load_examples(data, personal.model), tool.preset.client_rows, seed, data)
    rows_path = make_directory(folder, mode=0o700) / ".gradient-rows.f32"
    _refuse_leftover(rows_path, force)
    try:
        rows: np.ndarray = create_rows(rows_path, tool.preset.client_rows, personal.layout.weights)
        with output.bars() as on_progress:
            per_example_gradients(personal.model.loss, personal.params, personal.layout, examples, micro_batch, out=rows)
            result = enrol_files(
                tool, folder=folder, client_id=client_id, model=model_ref(provider_model, model_name), layout=personal.layout,
                theta=personal.theta, rows=np.asarray(clip_rows(rows, out=rows)), force=force, on_progress=on_progress,
            )  # fmt: skip
    finally:
        rows_path.unlink(missing_ok=True)
    output.result(
        {"client_id": client_id, "weights": personal.layout.weights, "insecure": tool.insecure, "result": result},
        f"enrolled {client_id}: {personal.layout.weights:,} weights in {len(result.gamma)} chunks, {human_seconds(result.seconds)}",
        f"  public  {result.enrolment}  (digest {result.digest[:16]}…; send it to the provider)",
        f"  secret  {result.secret}",
    )


def _refuse_leftover(path: Path, force: bool) -> None:
    """Rows of a run that was killed; they are private, so they go rather than stay."""
    if path.exists() and not force:
        raise StorageError(
            "was left by an enrolment that was ended from outside", code="exists", file=path, hint="pass --force to remove it"
        )
    path.unlink(missing_ok=True)
