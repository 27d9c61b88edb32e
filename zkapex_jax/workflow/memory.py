"""Peak resident memory of this process, stage by stage."""

from __future__ import annotations

import re
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def reset_peak() -> bool:
    """Start this process's peak anew (Linux); False where the system has no such counter."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


def own_peak() -> int | None:
    """Peak resident memory of this process since `reset_peak`, in bytes."""
    try:
        found = _PEAK.search(_STATUS.read_text())
    except OSError:
        return None
    return int(found[1]) * 1024 if found else None
