"""The newest file is cut short, as a power cut does on disks that lie about what they have synced: every class of length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fault_checks

#: Lengths of a file of `size` bytes: nothing, one byte, a header without its end, a block, half, all but a byte or a block.
LENGTHS: dict[str, Callable[[int], int]] = {
    "empty": lambda size: 0,
    "one byte": lambda size: 1,
    "eight bytes": lambda size: 8,
    "hundred bytes": lambda size: 100,
    "a block": lambda size: 4096,
    "a quarter": lambda size: size // 4,
    "half": lambda size: size // 2,
    "last block": lambda size: (size - 1) // 4096 * 4096,
    "all but eight": lambda size: size - 8,
    "all but one": lambda size: size - 1,
}
ZEROS = "zeros"


def newest(root: Path, before: Path) -> list[Path]:
    """Files that a step made or changed, in order of name: any of them may be the one that the disk loses."""
    found = []
    for path in fault_checks.seen(root):
        old = before / path.relative_to(root)
        if not old.exists() or old.read_bytes() != path.read_bytes():
            found.append(path)
    return found


def cut(path: Path, length: str) -> bool:
    """Cut a file to a class of length, or keep its length and lose its second half to zeros. False where that changes nothing."""
    data = path.read_bytes()
    half = len(data) // 2
    short = data[:half] + bytes(len(data) - half) if length == ZEROS else data[: max(0, min(len(data), LENGTHS[length](len(data))))]
    if short == data:
        return False
    mode = path.stat().st_mode
    path.write_bytes(short)
    path.chmod(mode)
    return True
