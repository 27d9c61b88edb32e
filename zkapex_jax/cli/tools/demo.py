"""`zkapex demo`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from zkapex_jax.cli import options
from zkapex_jax.cli.failures import guarded
from zkapex_jax.cli.options import AsJson, Force, InsecureSrs, PresetName, Quiet, Threads, option

_TASKS = ("easy", "hard")


@guarded
def demo(
    task: Annotated[
        str,
        typer.Option(
            "--task", metavar="easy|hard", help="hard: a task on which masking costs personal accuracy.",
            autocompletion=lambda incomplete: [name for name in _TASKS if name.startswith(incomplete)],
        ),
    ] = "easy",  # fmt: skip
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Seed of data, training and example choice.")] = 0,
    out: Annotated[Path | None, option("out", "DIR", "Folder of the run. Default: runs/demo.")] = None,
    preset: PresetName = options.DEFAULT_PRESET,
    insecure_srs: InsecureSrs = False,
    threads: Threads = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train, personalise, enrol, unlearn, prove and verify on real data; writes summary.json and report.html.

    Ends with exit code 3 if the honest proof is refused or a cheating client is not.
    """
    from zkapex_jax.demo import DemoOptions, exit_code, run
    from zkapex_jax.report.summary import to_json

    chosen = DemoOptions(
        task=task, seed=seed, preset=preset, out=out or Path("runs/demo"), force=force, threads=threads, insecure_srs=insecure_srs
    )
    summary = run(chosen, quiet=quiet or as_json)
    if as_json:
        print(json.dumps(json.loads(to_json(summary)), indent=2))
    raise typer.Exit(exit_code(summary))
