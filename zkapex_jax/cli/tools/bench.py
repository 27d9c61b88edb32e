"""`zkapex bench` and `zkapex bench dense`; `bench_scale` adds the models."""

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
    epilog,
    option,
)
from zkapex_jax.cli.output import Output, human_bytes
from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import refuse_existing, write_text
from zkapex_jax.presets import get_preset

bench_app = typer.Typer(rich_markup_mode="rich")
Measurements = Annotated[Path | None, option("out", "FILE", "Also write the measurements here, as JSON.")]


@bench_app.callback(invoke_without_command=True, epilog=epilog("zkapex bench --chunks 3 --out bench.json"))
@guarded
def bench(
    context: typer.Context,
    chunks: Annotated[int, typer.Option("--chunks", min=1, max=1000, metavar="N", help="Full synthetic chunks to prove and verify.")] = 3,
    out: Measurements = None,
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
    """Time proving and verifying of full synthetic chunks, by stage, with all rounds of the protocol."""
    if context.invoked_subcommand is not None:
        _refuse_misplaced(context)
        return
    from zkapex_jax.workflow import benchmark

    output = Output(as_json, quiet, progress)
    if out is not None:
        refuse_existing(out, force=force)
    tool = options.toolchain(preset, cache, tables=tables, srs=srs, threads=threads, insecure_srs=insecure_srs)
    with output.bars() as on_progress:
        measured = benchmark(tool, chunks=chunks, on_progress=on_progress)
    document = {"preset": preset, "threads": threads, "chunks": chunks, **measured}
    write_measurements(out, document, force=force)
    _table(output, measured)
    output.result(document, *written(out))


@bench_app.command("dense", epilog=epilog("zkapex bench dense --blocks 8,16,32,64 --out dense.json"))
@guarded
def dense(
    blocks: Annotated[str, typer.Option("--blocks", metavar="B,…", help="Block sizes, multiples of 8 up to 64.")] = "8,16,32,64",
    chunks: Annotated[int, typer.Option("--chunks", min=1, max=1000, metavar="N", help="Proofs of each size, and chunks of the folded relation.")] = 3,
    out: Measurements = None,
    preset: PresetName = options.DEFAULT_PRESET,
    cache: Cache = None,
    srs: SrsFile = None,
    insecure_srs: InsecureSrs = False,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    progress: ShowProgress = None,
) -> None:
    """Time the paper's dense circuit by block size, with and without ranges, beside the folded relation."""
    from zkapex_jax.workflow import benchmark_dense, parse_blocks

    output = Output(as_json, quiet, progress)
    if out is not None:
        refuse_existing(out, force=force)
    sizes = parse_blocks(blocks, get_preset(preset).k)
    tool = options.toolchain(preset, cache, srs=srs, threads=threads, insecure_srs=insecure_srs)
    with output.bars() as on_progress:
        measured = benchmark_dense(tool, sizes, chunks=chunks, on_progress=on_progress)
    document = {"preset": preset, "threads": threads, **measured}
    write_measurements(out, document, force=force)
    output.table(
        f"by relation and block, 2^{measured['k']} rows each",
        ["relation", "block", "weights a proof", "prove, µs a weight", "verify, µs a weight", "bytes a weight", "peak memory"],
        [_line(row) for row in (*measured["dense"], measured["folded"])],
    )
    output.result(document, *written(out))


def _refuse_misplaced(context: typer.Context) -> None:
    """Options of `zkapex bench` before the name of its subcommand would be lost."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise InputError(
                f"stands before `{context.invoked_subcommand}`, which would not see it", code="usage",
                field=name, hint=f"write it after `{context.invoked_subcommand}`",
            )  # fmt: skip


def write_measurements(out: Path | None, document: dict[str, Any], *, force: bool) -> None:
    """The document as a file, if one is asked for."""
    if out is not None:
        write_text(out, json.dumps(document, indent=2) + "\n", force=force)


def written(out: Path | None) -> list[str]:
    """The line that names the file."""
    return [f"written to {out}"] if out else []


def _line(row: dict[str, Any]) -> list[str]:
    times = [f"{row[name]:,.2f}" for name in ("prove_us_per_weight", "verify_us_per_weight")]
    size = [f"{row['block']:,}", f"{row['weights']:,}"]
    return [row["relation"], *size, *times, f"{row['bytes_per_weight']:,.3f}", human_bytes(row["peak_rss_bytes"])]


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
