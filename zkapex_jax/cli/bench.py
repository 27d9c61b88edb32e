"""`zkapex bench`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import (
    AsJson,
    Cache,
    Force,
    InsecureSrs,
    PresetName,
    Quiet,
    ShowProgress,
    SrsFile,
    TablesFile,
    Threads,
    option,
)
from zkapex_jax.cli.output import Output, human_bytes
from zkapex_jax.formats.atomic import refuse_existing, write_text


@guarded
def bench(
    chunks: Annotated[int, typer.Option("--chunks", min=1, max=1000, help="Full synthetic chunks to prove and verify.")] = 3,
    out: Annotated[Path | None, option("out", "FILE", "Also write the measurements here, as JSON.")] = None,
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
    """Time proving and verifying of full synthetic chunks, by stage, with all rounds of the protocol."""
    from zkapex_jax.workflow import benchmark

    output = Output(as_json, quiet, progress)
    if out is not None:
        refuse_existing(out, force=force)
    tool = options.toolchain(preset, cache, tables=tables, srs=srs, threads=threads, insecure_srs=insecure_srs)
    with output.bars() as on_progress:
        measured = benchmark(tool, chunks=chunks, on_progress=on_progress)
    document = {"preset": preset, "threads": threads, "chunks": chunks, **measured}
    if out is not None:
        write_text(out, json.dumps(document, indent=2) + "\n", force=force)
    _table(output, measured)
    output.result(document, *([f"written to {out}"] if out else []))


def _table(output: Output, measured: dict[str, Any]) -> None:
    """Microseconds a weight by stage, and each stage's share."""
    for phase in ("prove_enrolment", "verify_enrolment", "prove", "verify"):
        part = measured.get(phase)
        if not isinstance(part, dict):
            continue
        stages, total = part.get("stages_us_per_weight", {}), float(part.get("us_per_weight", 0.0))
        rows = [[name, f"{value:.3f}", f"{100 * value / total:.0f} %" if total else ""] for name, value in stages.items()]
        memory = human_bytes(part.get("peak_rss_bytes"))
        output.table(
            f"{phase.replace('_', ' ')}: {total:.2f} µs a weight, peak memory {memory}", ["stage", "µs a weight", "share"], rows
        )
