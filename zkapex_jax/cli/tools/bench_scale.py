"""`zkapex bench vit-b16` and `zkapex bench opt-125m`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.tools.bench import Measurements, bench_app, write_measurements, written
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
from zkapex_jax.cli.output import Output, human_bytes, human_seconds
from zkapex_jax.formats.atomic import make_directory, refuse_existing

Quick = Annotated[bool, typer.Option("--quick", help="Take a sample of chunks through every step instead of the whole model.")]
Chunks = Annotated[
    int | None,
    typer.Option("--chunks", min=1, max=100_000, metavar="N", help="Chunks of the sample. Default: 8 with --quick, all without.", show_default=False),
]
Work = Annotated[
    Path | None,
    option("work", "DIR", "Keep everything here; an interrupted run goes on from it. Default: a folder that is removed at the end."),
]
Checkpoint = Annotated[
    Path | None,
    option("checkpoint", "DIR", "Checkpoint folder to take the weights from: config.json and Flax or safetensors weights. Default: random."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Of random weights, examples and the personal displacement.")]


#: What a command says of its model, beside what it says of every run.
MODELS = {
    "vit-b16": "Take ViT-B/16 (its 12 intermediate kernels, 28,311,552 weights) through every step, and print what each one cost.",
    "opt-125m": "Take OPT-125M (fc1 and fc2 of its 12 layers, 56,623,104 weights) through every step, and print what each one cost.",
}
STEPS = """
    Gradients, enrolment, a mask of 4 %, compensation, a proof of every chunk, and their verification. The whole model needs
    about {disk} GB of disk; memory stays that of the model, one layer's gradient rows, and one chunk.
"""
DISK_GB = {"vit-b16": 10, "opt-125m": 20}


def _add_command(model: str) -> None:
    """`zkapex bench MODEL`: the options are the same for all."""

    def command(
        quick: Quick = False,
        chunks: Chunks = None,
        checkpoint: Checkpoint = None,
        work: Work = None,
        seed: Seed = 0,
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
        tool = options.toolchain(preset, cache, tables=tables, srs=srs, threads=threads, insecure_srs=insecure_srs)
        _run(model, tool, Output(as_json, quiet, progress), quick, chunks, checkpoint, work, seed, out, force)

    command.__name__ = model.replace("-", "_")
    command.__doc__ = MODELS[model] + "\n" + STEPS.format(disk=DISK_GB[model])
    bench_app.command(model, epilog=epilog(f"zkapex bench {model} --quick --out bench.json"))(guarded(command))


for _model in MODELS:
    _add_command(_model)


def _run(
    model: str, tool: Any, output: Output, quick: bool, chunks: int | None, checkpoint: Path | None, work: Path | None, seed: int,
    out: Path | None, force: bool,
) -> None:  # fmt: skip
    from zkapex_jax.workflow import run_scale

    if out is not None:
        refuse_existing(out, force=force)
    with _folder(work) as folder, output.bars() as on_progress:
        document = run_scale(
            tool, model, folder, quick=quick, chunks=chunks, checkpoint=checkpoint, seed=seed, on_progress=on_progress
        )
    write_measurements(out, document, force=force)
    _table(output, document)
    output.result(document, *_summary(document), *written(out))


@contextmanager
def _folder(work: Path | None) -> Iterator[Path]:
    """The given folder, kept; or one beside the current work that is removed, for the system's own may lie in memory."""
    if work is not None:
        yield make_directory(work, mode=0o700)
        return
    with tempfile.TemporaryDirectory(prefix=".zkapex-bench-", dir=Path.cwd()) as folder:
        yield Path(folder)


def _table(output: Output, document: dict[str, Any]) -> None:
    output.table(
        f"{document['model']}: {document['weights']:,} weights in {document['chunks']} chunks, preset {document['preset']}",
        ["stage", "time", "µs a weight", "prover's peak memory", "Python's"],
        [_line(stage) for stage in document["stages"]],
    )


def _line(stage: dict[str, Any]) -> list[str]:
    prover = human_bytes(stage["peak_rss_bytes"]) if any("peak_rss_bytes" in call for call in stage["commands"]) else ""
    cost = [human_seconds(stage["seconds"]), f"{stage['us_per_weight']:,.2f}"]
    return [stage["name"].replace("_", " "), *cost, prover, human_bytes(stage["python_peak_rss_bytes"])]


def _summary(document: dict[str, Any]) -> list[str]:
    prove, verify, whole = document["prove"], document["verify"], document["whole_weights"]
    lines = [
        f"proven in {human_seconds(prove['seconds'])} ({prove['us_per_weight']:.2f} µs a weight), verified in "
        f"{human_seconds(verify['seconds'])} ({verify['us_per_weight']:.2f} µs a weight), bundle {human_bytes(document['bundle_bytes'])}",
    ]
    if document["quick"]:
        rates = [human_seconds(1e-6 * whole * part["us_per_weight"]) for part in (prove, verify)]
        lines.append(
            f"a sample: {document['chunks']} of {document['whole_chunks']} chunks were proven. At this rate the whole model "
            f"({whole:,} weights) would be proven in {rates[0]} and verified in {rates[1]}"
        )
    return lines
