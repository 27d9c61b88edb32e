"""What an enrolment and an answer will cost, before anything is proven: time by step, memory, disk, bytes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zkapex_jax.circuit import build_fold_kkt
from zkapex_jax.circuit.calibration import PORTABLE, VECTOR, Prices, prover_memory
from zkapex_jax.circuit.calibration import estimate as sheet_times
from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.presets import Preset
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.workflow.costs.calibration import Calibration
from zkapex_jax.workflow.costs.disk import Disk, disk
from zkapex_jax.workflow.costs.walk import PAYERS

#: Steps whose work is by chunk of the layout; the others work on touched chunks.
_ENROLLING = frozenset({"commit-base", "publish-base", "commit", "prove-enrolment", "admit"})

#: Share of the machine from which on a calibration is said to have been disturbed.
BUSY = 0.1

#: What the prover's vector arithmetic needs of the processor, and the variable that keeps it from that.
_PROCESSOR = Path("/proc/cpuinfo")
_VECTOR_FLAGS = frozenset({"avx512f", "avx512ifma", "avx512dq", "avx512vl"})
_PORTABLE = "ZKAPEX_PORTABLE"


@dataclass(frozen=True)
class StepCost:
    """One step: who pays for it and how often, seconds, peak memory of the Rust process (None: it has none of its own)."""

    step: str
    payer: str
    seconds: float
    memory_bytes: int | None


@dataclass(frozen=True)
class Estimate:
    """Cost of a request that touches `chunks` chunks of `weights` weights, and of all that comes before it.

    `fleet_seconds` are paid once for all clients; `enrol_seconds`, `answer_seconds` by each client; without a calibration
    only `prove` and `verify` are known. `source` says where the times come from.
    """

    preset: str
    chunks: int
    weights: int
    all_chunks: int
    all_weights: int
    steps: tuple[StepCost, ...]
    fleet_seconds: float
    enrol_seconds: float
    answer_seconds: float
    prove_seconds: float
    verify_seconds: float
    bundle_bytes: int
    memory_bytes: int
    disk_bytes: int
    disk: Disk
    source: str


def estimate(
    preset: Preset, *, layout: ChunkedLayout, touched: Sequence[int], measured: Calibration | None = None, sketch: bool = False
) -> Estimate:
    """Cost of a request that touches these chunks. `measured`: a calibration on this machine, for chunks of this size; `sketch`: the
    client's gradient rows are one.

    A proof covers a chunk's whole domain, so that time goes by chunks, not by weights. Raises InputError for a chunk
    that the layout does not have, or a calibration for another preset.
    """
    for chunk in touched:
        if not 0 <= chunk < len(layout.chunks):
            raise InputError(f"must be below {len(layout.chunks)}", code="out_of_range", field="chunk", value=chunk)
    if measured is not None and measured.preset != preset.name:
        raise InputError("was made for another preset", code="mismatch_preset", field="calibration", value=measured.preset)
    steps = _measured(measured, len(layout.chunks), len(touched)) if measured else _from_sheet(preset, len(touched))
    source = _measured_source(measured) if measured else "cost sheet (two cores of the reference machine, this one's arithmetic)"
    room, by = disk(preset, layout, touched, sketch=sketch), {step.step: step.seconds for step in steps}
    return Estimate(
        preset.name, len(touched), sum(layout.chunks[chunk] for chunk in touched), len(layout.chunks), layout.weights, steps,
        _paid(steps, "fleet"), _paid(steps, "client, once"), _paid(steps, "client, each answer"), by["prove"], by["verify"],
        room.messages, max(step.memory_bytes or 0 for step in steps), room.client_peak, room, source,
    )  # fmt: skip


def scaled(preset: Preset, known: Estimate, layout: ChunkedLayout, touched: Sequence[int], other: Preset) -> Estimate:
    """What the request would cost at preset `other`: by the cost sheet, times what `known` (at `preset`) took over its own sheet."""
    own, sketch = estimate(preset, layout=layout, touched=touched), known.disk.sketch > 0
    cut = ChunkedLayout.cut(layout.target, other)
    share = len(touched) / len(layout.chunks)
    guess = estimate(other, layout=cut, touched=range(max(1, round(share * len(cut.chunks)))), sketch=sketch)
    slower, bigger = known.prove_seconds / own.prove_seconds, known.memory_bytes / own.memory_bytes
    return replace(
        guess, prove_seconds=guess.prove_seconds * slower, memory_bytes=round(guess.memory_bytes * bigger),
        verify_seconds=guess.verify_seconds * known.verify_seconds / own.verify_seconds, source=f"scaled from {preset.name}",
    )  # fmt: skip


def _measured(measured: Calibration, chunks: int, touched: int) -> tuple[StepCost, ...]:
    costs = []
    for step, payer in PAYERS.items():
        rate = measured.rates[step]
        seconds = rate.seconds(chunks) if step in _ENROLLING else rate.seconds(touched, chunks - touched)
        costs.append(StepCost(step, payer, seconds, rate.memory_bytes or None))
    return tuple(costs)


def _measured_source(measured: Calibration) -> str:
    """Says so if others used the machine meanwhile: alone, it would be faster, and beside more of them slower."""
    others = measured.others_share or 0.0
    return "measured on this machine" + (f", of which others used {others:.0%} meanwhile" if others > BUSY else "")


def _from_sheet(preset: Preset, touched: int) -> tuple[StepCost, ...]:
    times = sheet_times(build_fold_kkt(preset), prices_here())
    if times is None:
        raise InternalError("the cost sheet has no times", code="cost_sheet")
    memory = prover_memory(preset.domain, preset.lanes, preset.rows)
    return (
        StepCost("prove", PAYERS["prove"], touched * times.prove_ms / 1000, memory),
        StepCost("verify", PAYERS["verify"], touched * times.verify_ms / 1000, None),
    )


def prices_here() -> Prices:
    """Those of the arithmetic that the prover will use on this processor."""
    try:
        flags = next((line.split() for line in _PROCESSOR.read_text().splitlines() if line.startswith("flags")), [])
    except OSError:  # not Linux: such machines have no AVX-512
        flags = []
    return VECTOR if _VECTOR_FLAGS.issubset(flags) and os.environ.get(_PORTABLE) != "1" else PORTABLE


def _paid(steps: Sequence[StepCost], payer: str) -> float:
    return sum(step.seconds for step in steps if step.payer.startswith(payer))
