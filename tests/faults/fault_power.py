"""A power cut: of what a command did to the disk, some is lost that it had not synced.

The model is the strict one. Data of a file is durable up to its last sync; later writes are lost from some point on, or
the file has grown but holds zeros there. Names are durable once their folder was synced after they changed; later changes
of a folder are lost from some point on, in each folder for itself. A rename between two folders happens in both or in
neither. What was synced is kept.
"""

from __future__ import annotations

import os
import random
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from fault_shim import Control, Entry


def cut_power(control: Control, root: Path, rng: random.Random, *, worst: bool) -> int:
    """Undo changes under `root` that were not synced: all of them if `worst`, else a random part. Returns how many."""
    entries = list(control.log())
    files = {path.stat().st_ino: path for folder in (root, Path(f"{control.path}.graves")) for path in folder.rglob("*") if path.is_file()}
    return _undo_data(entries, files, rng, worst) + _undo_names(entries, control, root, rng, worst)


def _undo_data(entries: Sequence[Entry], files: dict[int, Path], rng: random.Random, worst: bool) -> int:
    unsynced: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.operation in "WT":
            unsynced[entry.inode].append(entry)
        elif entry.operation == "S":
            unsynced.pop(entry.inode, None)
    lost = 0
    for inode, writes in unsynced.items():
        if inode not in files:
            continue
        count = len(writes) if worst else rng.randint(0, len(writes))
        zeros = not worst and rng.random() < 0.3
        for write in reversed(writes[len(writes) - count :]):
            _undo_write(files[inode], write, zeros)
        lost += count
    return lost


def _undo_write(path: Path, write: Entry, zeros: bool) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(write.offset)
        file.write(write.first)
        if zeros and size > write.before:
            file.seek(write.before)
            file.write(bytes(size - write.before))
        else:
            file.truncate(write.before)


def _undo_names(entries: Sequence[Entry], control: Control, root: Path, rng: random.Random, worst: bool) -> int:
    """Names that are lost, undone from the last to the first."""
    durable = [False] * len(entries)
    synced: set[Path] = set()
    for index in range(len(entries) - 1, -1, -1):
        entry = entries[index]
        if entry.operation == "D":
            synced.add(entry.path)
        durable[index] = bool(entry.folders & synced)
    dead: set[Path] = set()
    lost = []
    for index, entry in enumerate(entries):
        if not entry.folders or durable[index]:
            continue
        if worst or entry.folders & dead or rng.random() < 0.5:
            dead |= entry.folders
            lost.append(entry)
    for entry in reversed(lost):
        _undo_name(entry, control, root)
    return len(lost)


def _undo_name(entry: Entry, control: Control, root: Path) -> None:
    path = entry.path
    if entry.operation == "C":
        if path.is_file() and path.stat().st_ino == entry.inode:
            path.unlink()
    elif entry.operation == "M":
        shutil.rmtree(path, ignore_errors=True)
    elif entry.operation == "X":
        path.mkdir(parents=True, exist_ok=True)
    elif entry.operation == "U":
        _restore(control, entry, path)
    elif entry.operation == "R":
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.target.exists() and entry.target.is_relative_to(root):
            os.replace(entry.target, path)
        _restore(control, entry, entry.target)


def _restore(control: Control, entry: Entry, path: Path) -> None:
    if entry.offset and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(control.grave(entry.offset), path)
