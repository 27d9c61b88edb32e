"""Take one point, or the comparison with dense blocks: a record with everything that `zkapex bench` says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.performance import machine, records
from experiments.performance.sizes import known
from experiments.performance.sweeps import STANDARD, Point
from zkapex_jax.formats.reading import file_digest
from zkapex_jax.prover import Prover
from zkapex_jax.workflow import open_toolchain, parse_blocks
from zkapex_jax.workflow.bench.chunk import benchmark
from zkapex_jax.workflow.bench.dense import benchmark_dense

Record = dict[str, Any]
SEED = 0
DENSE_BLOCKS = "8,16,32,64"

#: Reference strings above the shipped one are made here, marked insecure: times do not depend on where a string comes from.
SHIPPED_K = 12


def ensure(point: Point, results: Path, cache: Path, *, noisy_too: bool) -> Record:
    """The point's record, measured if there is none that will do."""
    path = results / "points" / f"{point.name}.json"
    parts = {"point": point.to_json(), "preset": asdict(point.preset), "seed": SEED, "prover": prover_digest(point.threads)}
    return _ensure(path, parts, lambda: _measure(point, cache), noisy_too=noisy_too)


def ensure_dense(results: Path, cache: Path, *, noisy_too: bool) -> Record:
    """Dense blocks beside the folded relation, in one run."""
    parts = {"blocks": DENSE_BLOCKS, "point": STANDARD.to_json(), "seed": SEED, "prover": prover_digest(STANDARD.threads)}
    return _ensure(results / "dense.json", parts, lambda: _measure_dense(cache), noisy_too=noisy_too)


def prover_digest(threads: int) -> str:
    """SHA-256 of the Rust binary: another build is another measurement."""
    return file_digest(Prover.find(threads).binary)


def _ensure(path: Path, parts: Record, measure: Callable[[], Record], *, noisy_too: bool) -> Record:
    wanted = records.digest(parts)
    found = records.load(path, wanted, noisy_too=noisy_too)
    if found is not None:
        return found
    with machine.Meter() as meter:
        measured = measure()
    record = {**parts, "digest": wanted, "machine": machine.facts(), "meter": meter.to_json(), "measured": measured}
    records.save(path, record)
    return record


def _measure(point: Point, cache: Path) -> Record:
    with known([point.preset]), _instructions(portable=point.portable):
        tool = open_toolchain(point.preset, folder=cache, threads=point.threads, insecure_srs=point.k > SHIPPED_K)
        return benchmark(tool, chunks=point.chunks, seed=SEED)


def _measure_dense(cache: Path) -> Record:
    point = STANDARD
    with known([point.preset]):
        tool = open_toolchain(point.preset, folder=cache, threads=point.threads)
        return benchmark_dense(tool, parse_blocks(DENSE_BLOCKS, point.k), chunks=point.chunks, seed=SEED)


@contextmanager
def _instructions(*, portable: bool) -> Iterator[None]:
    """The prover reads its environment: ZKAPEX_PORTABLE=1 keeps it from vector instructions."""
    before = os.environ.get(machine.PORTABLE)
    os.environ[machine.PORTABLE] = "1" if portable else "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[machine.PORTABLE]
        else:
            os.environ[machine.PORTABLE] = before
