"""Memory and disk of single steps, asked for before each begins: an answer, a request, a benchmark, a full-size run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from zkapex_jax.circuit.calibration import prover_memory
from zkapex_jax.errors import StorageError
from zkapex_jax.models.layout import TargetLayout
from zkapex_jax.presets import PRESETS, Preset
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.workflow.costs.disk import answer_bytes, benchmark_bytes, planning_bytes, request_bytes, whole_run_bytes
from zkapex_jax.workflow.costs.room import Need, Room, megabytes, room_at

#: Bytes of a float32 and of a float64.
_FLOAT, _DOUBLE = 4, 8


def check_answer_room(preset: Preset, layout: ChunkedLayout, touched: Sequence[int], folder: Path, *, kept: int = 0, here: bool = True) -> None:
    """Before the touched chunks are proven into `folder`, where an interrupted run has left `kept` bytes. `here`: the prover runs
    on this machine. Raises StorageError naming what is short; the preset is the enrolment's, so none is recommended."""
    memory = prover_memory(preset.domain, preset.lanes, preset.rows) if here else 0
    need = Need(memory, max(0, answer_bytes(preset, layout, touched) - kept))
    _require(f"proving {len(touched)} chunks", need, room_at(folder), "make room and run it again: proofs that are there are kept")


def check_request_room(preset: Preset, layout: ChunkedLayout, chunks: int | None, micro_batch: int, provider: Path, out: Path) -> None:
    """Before a request whose mask touches at most `chunks` chunks (None: all) is planned in the provider's folder and written to `out`.

    Memory is what planning holds beside the model: its target weights once more, and the gradients of a micro-batch.
    """
    touched = range(min(len(layout.chunks), chunks or len(layout.chunks)))
    memory = _FLOAT * layout.weights * (1 + micro_batch)
    disk = {provider: planning_bytes(preset, layout, touched), out.absolute().parent: request_bytes(preset, layout, touched)}
    for folder, size in _by_disk(disk).items():
        _require("a request", Need(memory, size), room_at(folder), "lower --micro-batch, cluster the mask with --chunks, or free some disk")


def check_benchmark_room(preset: Preset, chunks: int, folder: Path) -> None:
    """Before `chunks` full synthetic chunks are made in this process and proven in `folder`; names the largest preset that would fit."""
    room = room_at(folder)
    fits = [other for other in PRESETS.values() if other.insecure == preset.insecure and room.lacks(_benchmark(other, chunks)) is None]
    best = max(fits, key=lambda other: other.capacity, default=None)
    advice = f"preset {best.name} would fit" if best else "take fewer chunks"
    _require(f"{chunks} chunks of preset {preset.name}", _benchmark(preset, chunks), room, advice)


def check_whole_room(preset: Preset, weights: int, folder: Path, kept: int) -> None:
    """Before a full-size run over so many weights in `folder`, where an interrupted one has left `kept` bytes. Memory is the
    prover's; what the network takes shows in its first stage."""
    memory = prover_memory(preset.domain, preset.lanes, preset.rows)
    need = Need(memory, max(0, whole_run_bytes(preset, _layout(preset, weights)) - kept))
    _require(f"{weights:,} weights of preset {preset.name}", need, room_at(folder), "take a sample with --quick, or another --work")


def _benchmark(preset: Preset, chunks: int) -> Need:
    """Gradient rows are made in memory, twice while they are scaled; forget rows as float64."""
    weights = chunks * preset.capacity
    made = weights * (2 * _FLOAT * preset.client_rows + _DOUBLE * preset.forget_rows)
    return Need(prover_memory(preset.domain, preset.lanes, preset.rows) + made, benchmark_bytes(preset, _layout(preset, weights)))


def _layout(preset: Preset, weights: int) -> ChunkedLayout:
    return ChunkedLayout.cut(TargetLayout("weights", (("weights", (weights,)),)), preset)


def _by_disk(needs: Mapping[Path, int]) -> dict[Path, int]:
    """Sums of what lies on one disk, by the first folder that does."""
    sums: dict[int, tuple[Path, int]] = {}
    for folder, size in needs.items():
        there = next(part for part in (folder.absolute(), *folder.absolute().parents) if part.exists())
        first, known = sums.get(there.stat().st_dev, (folder, 0))
        sums[there.stat().st_dev] = first, known + size
    return dict(sums.values())


def _require(what: str, need: Need, room: Room, advice: str) -> None:
    short = room.lacks(need)
    if short is None:
        return
    needed, free = (need.memory_bytes, room.memory) if short == "memory" else (need.disk_bytes, room.disk)
    raise StorageError(
        f"{short} is too small: {what} needs {megabytes(needed)}", code=f"no_{short}", file=room.folder, field=short,
        value=f"{megabytes(free or 0)} free", hint=advice,
    )  # fmt: skip
