"""What a worker may take of the machine: hostile files are judged there, and the server and its database live beside it."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path

#: Linux ends processes of higher scores first when memory runs out (proc(5), oom_score_adj, -1000 to 1000).
_SCORE = "500"


def restrain(memory: int | None) -> None:
    """Of this process and those that it starts, each: at most `memory` bytes of data, where that is not None; and where the
    system runs out, it ends them before others.
    """
    if memory is not None:
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        limit = memory if most == resource.RLIM_INFINITY else min(memory, most)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    with contextlib.suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_text(_SCORE)
