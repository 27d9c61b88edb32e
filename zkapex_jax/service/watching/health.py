"""Whether the service does what it is there for. It may answer every call, and yet nobody's answer is ever judged."""

from __future__ import annotations

import shutil

from zkapex_jax.service.context import Service
from zkapex_jax.service.watching.standing import Jobs

QUEUE, DISK, WORKERS = REASONS = ("queue", "disk", "workers")


def complaints(service: Service, jobs: Jobs) -> tuple[str, ...]:
    """Reasons to call the service degraded, of `REASONS`; empty: it is well.

    queue: a job waits for longer than `Queue.stalled`, and none has ended in that time. disk: so full that uploads are refused
    (`Limits.spare_disk`). workers: there should be some, and none is alive.
    """
    settings, crew = service.settings, service.meters.crew
    stalled = settings.queue.stalled
    found = {
        QUEUE: jobs.waiting > stalled and (jobs.quiet is None or jobs.quiet > stalled),
        DISK: shutil.disk_usage(settings.provider).free < settings.limits.spare_disk,
        WORKERS: crew is not None and settings.workers > 0 and not crew.processes,
    }
    return tuple(reason for reason in REASONS if found[reason])
