"""Whether this machine has the memory and the disk for what was asked, said before work begins, with the preset that would fit."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zkapex_jax.errors import StorageError
from zkapex_jax.formats.atomic import storage_errors
from zkapex_jax.presets import PRESETS, Preset
from zkapex_jax.protocol import ChunkedLayout
from zkapex_jax.workflow.costs.estimating import Estimate, estimate, scaled
from zkapex_jax.workflow.costs.free_memory import free_memory, megabytes


@dataclass(frozen=True)
class Need:
    """Bytes of memory and of disk that a step takes beyond what is taken already."""

    memory_bytes: int
    disk_bytes: int


@dataclass(frozen=True)
class Room:
    """Free bytes of memory (None: the system does not tell) and of the disk that holds `folder`."""

    memory: int | None
    disk: int
    folder: Path

    def lacks(self, cost: Estimate | Need) -> str | None:
        """"memory" or "disk", whichever is short for a step, or for an enrolment and an answer; None if both suffice."""
        if self.memory is not None and cost.memory_bytes > self.memory:
            return "memory"
        return "disk" if cost.disk_bytes > self.disk else None


def room_at(folder: Path) -> Room:
    """What is free now for work in `folder`, which need not exist yet. Raises StorageError if the disk cannot be asked."""
    there = Path(folder).absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    with storage_errors(there):
        free = shutil.disk_usage(there).free
    return Room(free_memory(), free, Path(folder))


def require_room(
    preset: Preset, cost: Estimate, layout: ChunkedLayout, touched: Sequence[int], room: Room, *, resource: str | None = None
) -> None:
    """Raises StorageError if memory or disk is short, naming what is needed and the fastest preset that would fit.

    `resource`: "memory" or "disk" if only that is asked for.
    """
    short = room.lacks(cost)
    if short is None or (resource is not None and short != resource):
        return
    needed, free = (cost.memory_bytes, room.memory) if short == "memory" else (cost.disk_bytes, room.disk)
    raise StorageError(
        f"{short} is too small: preset {preset.name} needs {megabytes(needed)} for {layout.weights:,} weights",
        code=f"no_{short}", file=room.folder, field=short, value=f"{megabytes(free or 0)} free",
        hint=_advice(preset, cost, layout, touched, room, short),
    )  # fmt: skip


def check_room(preset: Preset, layout: ChunkedLayout, folder: Path, *, beside: int = 0) -> None:
    """Refuse to begin an enrolment in `folder` for which the cost sheet sees no room; raises as `require_room`.

    `beside`: bytes of the disk that are taken up besides, whatever the preset.
    """
    touched, room = range(len(layout.chunks)), room_at(folder)
    left = replace(room, disk=max(0, room.disk - beside))
    require_room(preset, estimate(preset, layout=layout, touched=touched), layout, touched, left)


def fitting(preset: Preset, cost: Estimate, layout: ChunkedLayout, touched: Sequence[int], room: Room) -> list[Estimate]:
    """Cost at every other preset of as much security that has room here, fastest first."""
    others = [other for other in PRESETS.values() if other.name != preset.name and other.insecure == preset.insecure]
    costs = [scaled(preset, cost, layout, touched, other) for other in others]
    return sorted((each for each in costs if room.lacks(each) is None), key=lambda each: each.prove_seconds)


def _advice(
    preset: Preset, cost: Estimate, layout: ChunkedLayout, touched: Sequence[int], room: Room, short: str
) -> str:
    if fits := fitting(preset, cost, layout, touched, room):
        best = fits[0]
        return f"preset {best.preset} would fit: {megabytes(best.memory_bytes)} of memory, {megabytes(best.disk_bytes)} of disk"
    if short == "disk":
        return "no preset would fit: the client's rows and weights alone need it; choose fewer target tensors, or a larger disk"
    return "no preset would fit in so little memory"
