"""Whole models, really run: what `zkapex bench vit-b16` and its like say, one record a model, preset, number of threads and limit."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.performance import machine, records
from experiments.performance.limit import LIMITS, limited, place
from experiments.performance.measure import SEED, SHIPPED_K, prover_digest
from zkapex_jax.errors import InputError
from zkapex_jax.presets import get_preset
from zkapex_jax.workflow import Toolchain, open_toolchain
from zkapex_jax.workflow.scale.run import run_scale

MODELS = ("vit-b16", "opt-125m")
SERVED = ("ceremony-4096-wide", "ceremony-16384-wide")

Record = dict[str, Any]


@dataclass(frozen=True)
class WholeRun:
    """One run: threads None are all cores; `limit` bytes of memory for the prover, None for as much as it likes."""

    model: str
    preset: str
    threads: int | None
    limit: int | None

    @property
    def name(self) -> str:
        """Of its record and its folder."""
        return f"{self.model}-{self.preset}{f'-t{self.threads}' if self.threads else ''}{'-limit' if self.limit else ''}"

    @property
    def digest(self) -> str:
        """Of its settings and the prover measured."""
        limit = {"limit": self.limit} if self.limit else {}
        return records.digest({"model": self.model, "preset": self.preset, "threads": self.threads, "seed": SEED,
                               "prover": prover_digest(self.threads or 1), **limit})  # fmt: skip


def full_size(
    models: list[str], presets: list[str], results: Path, cache: Path, scratch: Path, threads: int | None, *, limit: bool = False
) -> None:
    """Every run that has no record of this build; one that was interrupted goes on where it stopped.

    A reference string above the shipped one is taken from the cache if it was imported there, else made insecurely.
    `limit`: the prover runs under a hard limit of memory (`limit.LIMITS`).

    Raises:
        InputError: no limit is set for a preset's size. StorageError: no control group can be made here.
    """
    runs = [WholeRun(model, preset, threads, _limit(preset) if limit else None) for model in models for preset in presets]
    if limit:
        place()  # refuses before anything is run
    for run in runs:
        _once(run, results, cache, scratch)


def _limit(preset: str) -> int:
    k = get_preset(preset).k
    if k not in LIMITS:
        raise InputError(f"a limit is set for k = {', '.join(map(str, LIMITS))} alone", code="out_of_range", field="preset", value=preset)
    return LIMITS[k]


def _once(run: WholeRun, results: Path, cache: Path, scratch: Path) -> None:
    path, k = results / "scale" / f"{run.name}.json", get_preset(run.preset).k
    if records.load(path, run.digest, noisy_too=False) is not None:
        return
    print(f"{run.name} ...", file=sys.stderr, flush=True)
    made_here = k > SHIPPED_K and not (cache / f"ceremony-{k}.srs").exists()
    tool = open_toolchain(run.preset, folder=cache, threads=run.threads, insecure_srs=made_here)
    folder = scratch / f"{run.name}-{run.digest[:12]}"
    with machine.Meter() as meter:
        found = _measured(run, tool, lambda chosen: run_scale(chosen, run.model, folder, seed=SEED))
    records.save(path, {**found, "digest": run.digest, "meter": meter.to_json()})


def _measured(run: WholeRun, tool: Toolchain, work: Callable[[Toolchain], Record]) -> Record:
    """The run's document; under a limit also `memory_limit`, what the kernel counted since the run was begun or resumed."""
    if run.limit is None:
        return work(tool)
    with limited(tool, run.limit) as (within, group):
        found = work(within)
        return {**found, "memory_limit": group.usage()}
