"""`zkapex plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import (
    AsJson,
    Cache,
    InsecureSrs,
    MicroBatch,
    PresetName,
    Quiet,
    ShowProgress,
    SrsFile,
    TablesFile,
    Target,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_bytes, human_seconds
from zkapex_jax.errors import InputError
from zkapex_jax.presets import get_preset
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.workflow import calibrate as calibrate_here

if TYPE_CHECKING:
    from zkapex_jax.cli.inputs import LoadedModel
    from zkapex_jax.models.examples import Examples
    from zkapex_jax.workflow.costs.planner import Choice, Judge

#: What is paid for a request whoever answers it: commitments of its mask and forget rows.
REQUEST_PAYER = "fleet, once a request"


@guarded
def plan(
    base: Annotated[Path, option("base", "DIR", "The provider's base model.")],
    forget_data: Annotated[Path, option("forget-data", "FILE", "Examples to be forgotten (safetensors).")],
    retain_data: Annotated[Path, option("retain-data", "FILE", "Examples that must keep working (safetensors).")],
    target: Target,
    sparsity: Annotated[float, typer.Option("--sparsity", metavar="SHARE", help="Share of the target weights to zero.")] = 0.05,
    chunks: Annotated[
        str | None, option("chunks", "T,…", "Numbers of chunks to cluster the mask in. Default: shares, down to the fewest.")
    ] = None,
    accuracy: Annotated[
        bool, typer.Option("--accuracy/--no-accuracy", help="Also mask the base model and measure both data sets.")
    ] = True,
    calibrate: Annotated[
        bool, typer.Option("--calibrate/--no-calibrate", help="Measure costs on this machine, instead of using the cost sheet.")
    ] = True,
    micro_batch: MicroBatch = 8,
    preset: PresetName = options.DEFAULT_PRESET,
    cache: Cache = None,
    tables: TablesFile = None,
    srs: SrsFile = None,
    insecure_srs: InsecureSrs = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Provider: show forgetting against proof cost, for masks from scattered to clustered, and choose before a request is made.

    Chunks that a mask leaves alone need no proof. `zkapex request --chunks T` makes the request of the chosen line.
    """
    from zkapex_jax.cli.inputs import load_examples, load_model
    from zkapex_jax.workflow.costs.planner import choices
    from zkapex_jax.workflow.plan import Passes, score_weights

    output, sizes, counts = Output(as_json, quiet, progress), get_preset(preset), _counts(chunks)
    loaded = load_model(base, target)
    forget, retain = (load_examples(path, loaded.model) for path in (forget_data, retain_data))
    layout = ChunkedLayout.cut(loaded.layout, sizes)
    with output.bars() as on_progress:
        measured = None
        if calibrate:
            tool = options.toolchain(preset, cache, tables=tables, srs=srs, threads=threads, insecure_srs=insecure_srs)
            measured = calibrate_here(tool, layout, on_progress=on_progress)
        passes = Passes(loaded.model.loss, loaded.layout, micro_batch, on_progress=on_progress)
        scores = score_weights(passes, loaded.params, forget, retain)
        judge = _judge(loaded, forget, retain) if accuracy else None
        made = choices(sizes, layout, scores, sparsity, counts=counts, measured=measured, judge=judge)
    _show(output, preset, len(layout.chunks), made)


def _judge(loaded: LoadedModel, forget: Examples, retain: Examples) -> Judge:
    """Accuracy of the base model with the masked weights at zero."""
    from zkapex_jax.forget import evaluate, masked_params

    def judge(mask: np.ndarray) -> tuple[float, float]:
        params = masked_params(loaded.params, loaded.layout, mask)
        found = evaluate(loaded.model, params, {"forget": forget, "retain": retain})
        return found.accuracy("forget"), found.accuracy("retain")

    return judge


def _show(output: Output, preset: str, chunks: int, made: list[Choice]) -> None:
    output.table(
        f"{made[0].masked:,} weights to zero, {chunks} chunks of preset {preset}",
        ["mask", "chunks", "forgetting", "at most", "accuracy forget", "retain", "prove", "verify", "bundle", "fleet, once"],
        [_line("scattered" if index == 0 else "clustered", choice) for index, choice in enumerate(made)],
    )
    output.result(
        {"preset": preset, "chunks": chunks, "choices": made},
        "forgetting: the sum of the masked scores against the scattered mask's; at most: what any mask in so few chunks could reach",
        f"[dim]times: {made[0].cost.source}; choose a line with `zkapex request --chunks T`[/]",
    )


def _line(kind: str, choice: Choice) -> list[Any]:
    cost = choice.cost
    accuracies = ["" if value is None else f"{value:.3f}" for value in (choice.forget_accuracy, choice.retain_accuracy)]
    fleet = sum(step.seconds for step in cost.steps if step.payer == REQUEST_PAYER)
    return [
        kind, choice.chunks, f"{choice.share:.3f}", f"{choice.bound:.3f}", *accuracies, human_seconds(cost.prove_seconds),
        human_seconds(cost.verify_seconds), human_bytes(cost.disk.bundle), human_seconds(fleet) if fleet else "",
    ]  # fmt: skip


def _counts(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and 1 <= len(part) <= 6 and int(part) for part in parts):
        raise InputError("must be positive integers between commas, such as 40,20,10", field="chunks", value=text)
    return [int(part) for part in parts]
