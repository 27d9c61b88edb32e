"""Jobs handed out to the workers of a Ray cluster, one at a time each; a lost worker costs the job that it was at.

The cluster decides nothing: a worker is compared by digests before it is sent anything, jobs are handed out again by us
and not by Ray (a proof that is tried again spends openings, which must be counted first), and what comes back is checked
by whoever asked for it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from zkapex_jax.errors import InputError
from zkapex_jax.workflow.cluster.identity import identity
from zkapex_jax.workflow.cluster.jobs import Callbacks, Event, Job, OnFailure, OnLost, OnResult, Terms
from zkapex_jax.workflow.cluster.round import Round

#: A worker takes seconds to start; none at all in this time means that the cluster has no room.
START_SECONDS = 120.0
#: How long the end waits for workers that are still being started.
LEAVE_SECONDS = 10.0


@dataclass
class Cluster:
    """A connected cluster. `threads`: of each worker's prover; a worker asks the cluster for as many CPUs."""

    ray: Any
    threads: int
    on_event: Callable[[Event], None] | None = None
    start_seconds: float = START_SECONDS
    leaving: list[tuple[Any, Any]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def connect(cls, address: str, *, threads: int | None = None) -> Iterator[Self]:
        """Join the cluster at `address` ("HOST:PORT", "auto", or "local" for one on this machine alone) until the block ends.

        Raises InputError if Ray is not installed or nothing answers there.
        """
        ray = _import_ray()
        if "://" in address:
            raise InputError(
                "must be HOST:PORT of a cluster that this machine belongs to", field="ray", value=address,
                hint="join it with `ray start --address=HOST:PORT`",
            )  # fmt: skip
        joined = ray.is_initialized()
        if not joined:
            _join(ray, address)
        cluster = cls(ray, threads or 1)
        try:
            yield cluster
        finally:
            if greetings := [greeting for _, greeting in cluster.leaving]:
                ray.wait(greetings, num_returns=len(greetings), timeout=LEAVE_SECONDS)
            if not joined:
                ray.shutdown()

    def run(
        self, jobs: Iterable[Job], *, binary: Path, presets: Sequence[str], on_result: OnResult,
        on_failure: OnFailure | None = None, on_lost: OnLost | None = None,
    ) -> None:  # fmt: skip
        """Run all jobs, and those that `on_result` and `on_failure` answer with.

        `on_failure` None: a job's error ends the run. `on_lost` is called before a lost job is handed out again.

        Raises RefusedError if every worker has another program, prover or tables; InternalError if no worker can be had,
        or a job is lost with its worker again and again; whatever the callbacks raise.
        """
        wanted = identity(binary, presets)
        terms = Terms(self.ray, self.threads, self.on_event, self.start_seconds, wanted, tuple(presets), self.leaving)
        Round(terms, jobs, Callbacks(on_result, on_failure, on_lost)).work()


def _import_ray() -> Any:
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise InputError("Ray is not installed", code="ray_missing", field="ray", hint="install `zkapex[cluster]`") from error


def _join(ray: Any, address: str) -> None:
    try:
        ray.init(
            address=address, log_to_driver=False, logging_level="ERROR", include_dashboard=None if address != "local" else False
        )
    except (ConnectionError, ValueError, OSError) as error:
        raise InputError(
            f"no Ray cluster answers: {error}",
            code="no_cluster",
            field="ray",
            value=address,
            hint="start one with `ray start --head`",
        ) from error
