"""`zkapex estimate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Cache, InsecureSrs, PresetName, Quiet, ShowProgress, SrsFile, TablesFile, Threads
from zkapex_jax.cli.output import Output, human_bytes, human_seconds
from zkapex_jax.errors import InputError
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import get_preset
from zkapex_jax.protocol import ChunkedLayout, Request
from zkapex_jax.workflow import estimate as estimate_cost

#: The first chunk pays for tables that are built once; the median of three does not.
CALIBRATION_CHUNKS = 3


@guarded
def estimate(
    request: Annotated[
        Path | None, typer.Argument(metavar="[REQUEST]", help="A request; without one, give --weights.", show_default=False)
    ] = None,
    weights: Annotated[
        int | None, typer.Option("--weights", min=1, metavar="N", help="Target weights, every chunk touched.", show_default=False)
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option("--calibrate/--no-calibrate", help="Prove a few synthetic chunks here, instead of using the cost sheet."),
    ] = True,
    preset: PresetName = options.DEFAULT_PRESET,
    cache: Cache = options.DEFAULT_CACHE,
    tables: TablesFile = None,
    srs: SrsFile = None,
    insecure_srs: InsecureSrs = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """What answering a request will cost: time, memory, disk and bytes, before anything is proven."""
    output = Output(as_json, quiet, progress)
    layout, touched, name, insecure = _scope(request, weights, preset, insecure_srs)
    measured: dict[str, Any] | None = None
    if calibrate:
        from zkapex_jax.workflow import benchmark

        tool = options.toolchain(name, cache, tables=tables, srs=srs, threads=threads, insecure_srs=insecure)
        with output.bars() as on_progress:
            measured = benchmark(tool, chunks=CALIBRATION_CHUNKS, on_progress=on_progress)
    cost = estimate_cost(get_preset(name), layout=layout, touched=touched, measured=measured)
    output.result(
        {"preset": name, "estimate": cost},
        f"{cost.chunks} chunks, {cost.weights:,} weights, preset {name}",
        f"  prove   about {human_seconds(cost.prove_seconds)}, memory {human_bytes(cost.memory_bytes)}, disk {human_bytes(cost.disk_bytes)}",
        f"  verify  about {human_seconds(cost.verify_seconds)}",
        f"  bundle  {human_bytes(cost.bundle_bytes)}",
        f"[dim]times: {cost.source}[/]",
    )


def _scope(request: Path | None, weights: int | None, preset: str, insecure: bool) -> tuple[ChunkedLayout, list[int], str, bool]:
    """Layout, touched chunks, preset and kind of reference string: from the request, or for `weights` weights."""
    if (request is None) == (weights is None):
        raise InputError("give either a request or --weights", field="weights")
    if request is not None:
        parsed = Request.from_file(request)
        return parsed.layout, list(parsed.touched), parsed.preset, parsed.srs_insecure
    layout = ChunkedLayout.cut(TargetLayout("weights", (("weights", (int(weights or 0),)),)), get_preset(preset))
    return layout, list(range(len(layout.chunks))), preset, insecure
