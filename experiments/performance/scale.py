"""Whole models, really run: what `zkapex bench vit-b16` and its like say, one record a model, preset and number of threads."""

from __future__ import annotations

import sys
from pathlib import Path

from experiments.performance import machine, records
from experiments.performance.measure import SEED, SHIPPED_K, prover_digest
from zkapex_jax.presets import get_preset
from zkapex_jax.workflow import open_toolchain
from zkapex_jax.workflow.scale import run_scale

MODELS = ("vit-b16", "opt-125m")
SERVED = ("ceremony-4096-wide", "ceremony-16384-wide")


def full_size(models: list[str], presets: list[str], results: Path, cache: Path, scratch: Path, threads: int | None) -> None:
    """Every run that has no record of this build; one that was interrupted goes on where it stopped.

    A reference string above the shipped one is taken from the cache if it was imported there, else made insecurely.
    """
    for model in models:
        for preset in presets:
            _once(model, preset, results, cache, scratch, threads)


def _once(model: str, preset: str, results: Path, cache: Path, scratch: Path, threads: int | None) -> None:
    name = f"{model}-{preset}{f'-t{threads}' if threads else ''}"
    path, k = results / "scale" / f"{name}.json", get_preset(preset).k
    wanted = records.digest({"model": model, "preset": preset, "threads": threads, "seed": SEED, "prover": prover_digest(threads or 1)})
    if records.load(path, wanted, noisy_too=False) is not None:
        return
    print(f"{name} ...", file=sys.stderr, flush=True)
    made_here = k > SHIPPED_K and not (cache / f"ceremony-{k}.srs").exists()
    tool = open_toolchain(preset, folder=cache, threads=threads, insecure_srs=made_here)
    with machine.Meter() as meter:
        found = run_scale(tool, model, scratch / f"{name}-{wanted[:12]}", seed=SEED)
    records.save(path, {**found, "digest": wanted, "meter": meter.to_json()})
