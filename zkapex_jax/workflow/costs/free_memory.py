"""Memory that a new process may use: what the system has available, or less where a control group or a limit of this process says so."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MEMORY_INFO, _OWN_GROUPS, _SIZE = Path("/proc/meminfo"), Path("/proc/self/cgroup"), Path("/proc/self/statm")


@dataclass(frozen=True)
class Hierarchy:
    """Where groups of one kind lie, and what they call limit and use of memory. `controller`: its name in /proc/self/cgroup."""

    root: Path
    controller: str
    limit: str
    used: str


HIERARCHIES = (
    Hierarchy(Path("/sys/fs/cgroup"), "", "memory.max", "memory.current"),
    Hierarchy(Path("/sys/fs/cgroup/memory"), "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)


def free_memory(*, swap: bool = False) -> int | None:
    """Bytes; None where the system does not tell. `swap`: with what can be swapped out, for what may be slow but must not be ended."""
    found = [value for value in (_available(swap), *_groups(), _address_space()) if value is not None]
    return min(found, default=None)


def _available(swap: bool) -> int | None:
    try:
        sizes = {line.split()[0]: int(line.split()[1]) * 1024 for line in _MEMORY_INFO.read_text().splitlines()}
        return sizes["MemAvailable:"] + (sizes.get("SwapFree:", 0) if swap else 0)
    except (OSError, KeyError, ValueError, IndexError):
        return _physical()


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError):
        return None


def _groups() -> Iterator[int | None]:
    """Of this process's group and of all above it, as far as they are seen from here: each may limit it."""
    own = _own_groups()
    for kind in HIERARCHIES:
        inside = own.get(kind.controller, "/").strip("/")
        for folder in dict.fromkeys((kind.root, *(kind.root / part for part in (Path(inside), *Path(inside).parents)))):
            yield _group(folder, kind)


def _own_groups() -> dict[str, str]:
    """This process's group by controller; "" is version 2."""
    try:
        lines = [line.split(":", 2) for line in _OWN_GROUPS.read_text().splitlines()]
    except OSError:
        return {}
    return {name: parts[2] for parts in lines if len(parts) == 3 for name in parts[1].split(",")}


def _group(folder: Path, kind: Hierarchy) -> int | None:
    """What is left of a group's limit; its cache of files is given back before anybody is refused."""
    try:
        counts = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        cache = sum(int(counts.get(f"total_{name}", counts.get(name, 0))) for name in ("active_file", "inactive_file"))
        return max(0, int((folder / kind.limit).read_text()) - int((folder / kind.used).read_text()) + cache)
    except (OSError, ValueError):  # no such group, or "max"
        return None


def _address_space() -> int | None:
    """What `ulimit -v` leaves: addresses are used up before the memory behind them."""
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY:
        return None
    try:
        return max(0, most - int(_SIZE.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, IndexError):
        return most


def megabytes(count: int) -> str:
    """Bytes as megabytes or gigabytes."""
    return f"{count / 1e6:,.0f} MB" if count < 10**9 else f"{count / 1e9:,.1f} GB"
