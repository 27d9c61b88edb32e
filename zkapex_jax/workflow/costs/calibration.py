"""A short calibration: two small walks through the protocol on this machine, and the straight lines through them.

A step takes T(m) = fixed + m·(seconds a chunk). Steps that tell the seconds of each chunk give their median, which a
busy moment does not move; others the pace of their progress; a step that tells nothing, the difference of both walks. The chunks have the size that they have in the
layout in question, for a proof covers a chunk's whole domain while commitments cost by the weight.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.prover import OnProgress
from zkapex_jax.workflow.costs.busy import Moment
from zkapex_jax.workflow.costs.walk import PAYERS, Step, Walked, walk
from zkapex_jax.workflow.toolchain import Toolchain

#: Steps whose files are read and hashed whole, whether or not a chunk is touched: bytes a weight are n of the rows and
#: 8 of the weights before and after.
SCANNING = frozenset({"unlearn", "prove"})
_WEIGHT_BYTES = 8

#: Chunks of the walks go up by as many as a machine of few cores verifies at once, or throughput would be misread.
_MAX_STRIDE = 4
_REPEATS = 4
_HASHED = 1 << 25


@dataclass(frozen=True)
class Rate:
    """Cost of one step. `untouched`: seconds of a chunk that is enrolled but not touched."""

    fixed: float
    per_chunk: float
    memory_bytes: int
    untouched: float = 0.0

    def seconds(self, chunks: int, others: int = 0) -> float:
        """Of a step over `chunks` chunks, beside `others` that the mask leaves alone."""
        return self.fixed + chunks * self.per_chunk + others * self.untouched


@dataclass(frozen=True)
class Calibration:
    """Rates by step for chunks of `size` weights of a preset, the seconds that measuring took, whether the reference
    checker is part of the rates, and the share of the machine that others used meanwhile (None: unknown)."""

    preset: str
    size: int
    threads: int
    rates: Mapping[str, Rate]
    checked: bool
    seconds: float
    others_share: float | None = None


def calibrate(
    tool: Toolchain, layout: ChunkedLayout, *, check: bool = False, folder: Path | None = None, on_progress: OnProgress | None = None
) -> Calibration:
    """Walk the protocol on synthetic chunks of the layout's size, in a passing folder inside `folder`.

    `check`: measure the reference checker too, which `zkapex enrol` and `zkapex unlearn` run unless told otherwise. Raises as
    `estimate_walk.walk` does.
    """
    begun, moment, walks = time.perf_counter(), Moment.now(), []
    threads = tool.prover.threads or len(os.sched_getaffinity(0))
    for chunks in walk_sizes(threads, len(layout.chunks)):
        with tempfile.TemporaryDirectory(prefix="zkapex-estimate-", dir=folder) as passing:
            walks.append(walk(tool, Path(passing), chunks=chunks, size=layout.chunks[0], check=check, repeats=_REPEATS, on_progress=on_progress))
    scan = layout.chunks[0] * (tool.preset.client_rows + _WEIGHT_BYTES) * _hash_seconds()
    rates = {name: fit(walks, name, scan if name in SCANNING else 0.0) for name in PAYERS}
    return Calibration(tool.preset.name, layout.chunks[0], threads, rates, check, time.perf_counter() - begun, moment.others_since())


def walk_sizes(threads: int, chunks: int) -> tuple[int, ...]:
    """Chunks of each walk, for a layout of `chunks` chunks: a layout that is as small is walked as it is."""
    stride = min(threads, _MAX_STRIDE)
    first, second = stride, 2 * stride if stride > 1 else 3
    return (first, second) if chunks > second else (chunks,)


def fit(walks: list[Walked], name: str, scan: float = 0.0) -> Rate:
    """The line through one step of one or two walks; `scan`: seconds of hashing a chunk's part of files that are read whole."""
    first, last = walks[0], walks[-1]
    small, large = first.steps[name], last.steps[name]
    memory = max(small.memory_bytes or 0, large.memory_bytes or 0)
    if large.chunk_seconds:
        # What is compiled or built once is in the first walk's seconds and so in the fixed part.
        per_chunk = statistics.median(large.chunk_seconds) + scan
    elif first is last:
        return Rate(0.0, large.seconds / last.touched, memory)
    else:
        per_chunk = _slope(first, small, last, large)
    return Rate(max(0.0, small.seconds - first.touched * per_chunk), per_chunk, memory, scan)


def _slope(first: Walked, small: Step, last: Walked, large: Step) -> float:
    """Seconds a chunk; on a machine so busy that the line would fall, as if nothing were fixed."""
    slope = (large.seconds - small.seconds) / (last.touched - first.touched)
    return slope if slope > 0 else large.seconds / last.touched


def _hash_seconds() -> float:
    """Seconds a byte of SHA-256 here."""
    block = bytes(_HASHED)
    begun = time.perf_counter()
    hashlib.sha256(block).digest()
    return (time.perf_counter() - begun) / _HASHED
