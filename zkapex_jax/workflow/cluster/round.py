"""One round of jobs on a cluster: workers hired, compared, supplied with files, set to work, replaced where they are lost."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from zkapex_jax.errors import InternalError, ZkapexError
from zkapex_jax.workflow.cluster.jobs import Callbacks, Event, Job, Terms, error_of
from zkapex_jax.workflow.cluster.sending import Sender
from zkapex_jax.workflow.cluster.store import SentFile
from zkapex_jax.workflow.cluster.worker import Worker

#: Times that one job may be lost with its worker: more is no accident.
ATTEMPTS = 3
_LOOK_SECONDS = 0.5
_LEAVE_SECONDS = 30.0


@dataclass
class _Hired:
    """A worker and what it is doing now: `phase` is greet, missing, receive or run."""

    actor: Any
    phase: str = "greet"
    name: str = "a new worker"
    pid: int = 0
    held: set[str] = field(default_factory=set)
    job: Job | None = None


class Round:
    """One call of `Cluster.run`."""

    def __init__(self, terms: Terms, jobs: Iterable[Job], callbacks: Callbacks) -> None:
        self._terms, self._ray, self._then = terms, terms.ray, callbacks
        self._jobs = deque(jobs)
        self._sender = Sender(terms.ray)
        self._busy: dict[Any, _Hired] = {}
        self._lost: dict[str, int] = {}
        self._refusals: list[ZkapexError] = []
        self._starts_lost = 0
        self._id = uuid.uuid4().hex
        self._moved = time.monotonic()
        self._class = self._ray.remote(Worker)

    def work(self) -> None:
        """To the end of the jobs; no worker of this round outlives it."""
        try:
            while self._jobs or any(hired.job for hired in self._busy.values()):
                self._hire()
                ready, _ = self._ray.wait(list(self._busy), num_returns=1, timeout=_LOOK_SECONDS)
                for reference in ready:
                    self._moved = time.monotonic()
                    self._answered(self._busy.pop(reference), reference)
                self._require_movement()
        finally:
            for reference, hired in self._busy.items():
                if hired.phase == "greet":
                    hired.actor.__ray_terminate__.remote()
                    self._terms.leaving.append((hired.actor, reference))
                else:
                    self._dismiss(hired)

    def _hire(self) -> None:
        """As many workers as there are jobs for, within the CPUs of the cluster; refused ones are not replaced."""
        room = self._slots() - len(self._refusals)
        at_work = sum(1 for hired in self._busy.values() if hired.job)
        for _ in range(min(room, len(self._jobs) + at_work) - len(self._busy)):
            options = {"num_cpus": self._terms.threads, "max_restarts": 0, "max_task_retries": 0}
            actor = self._class.options(**options).remote(self._id, self._terms.threads)
            self._ask(_Hired(actor), "greet", dict(self._terms.wanted), list(self._terms.presets))
        if not self._busy:
            raise self._refusals[-1] if self._refusals else InternalError("the cluster has no workers", code="no_workers")

    def _ask(self, hired: _Hired, phase: str, *arguments: Any, method: str | None = None) -> None:
        hired.phase = phase
        self._busy[getattr(hired.actor, method or phase).remote(*arguments)] = hired

    def _answered(self, hired: _Hired, reference: Any) -> None:
        try:
            self._settle(hired, reference)
        except BaseException:
            self._dismiss(hired)
            raise

    def _settle(self, hired: _Hired, reference: Any) -> None:
        """A worker has answered, or is lost."""
        try:
            answer = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            self._kill(hired)
            self._replace(hired, str(error))
            return
        failure = error_of(answer)
        if failure is None:
            self._advance(hired, answer.get("value"))
        elif hired.phase == "greet":
            self._refuse(hired, failure)
        elif isinstance(failure, InternalError):  # its prover died under it
            self._dismiss(hired)
            self._replace(hired, str(failure))
        else:
            self._fail(hired, failure)

    def _advance(self, hired: _Hired, value: Any) -> None:
        if hired.phase == "greet":
            hired.name, hired.pid = str(value["name"]), int(value["pid"])
            self._tell("hired", hired)
            self._next_job(hired)
        elif hired.phase == "run":
            job, hired.job = hired.job, None
            self._tell("done", hired, job)
            self._jobs.extend(self._then.on_result(job, value))  # type: ignore[arg-type]
            self._next_job(hired)
        else:
            self._supply(hired, value if hired.phase == "missing" else [])

    def _next_job(self, hired: _Hired) -> None:
        if not self._jobs:
            self._dismiss(hired)
            return
        hired.job = self._jobs.popleft()
        unknown = [file for file in hired.job.files if file.digest not in hired.held]
        if unknown:
            self._ask(hired, "missing", [_wire(file) for file in unknown])
        else:
            self._supply(hired, [])

    def _supply(self, hired: _Hired, missing: Sequence[str]) -> None:
        """Send the first file that is missing and look again; once nothing is, start the job."""
        job: Job = hired.job  # type: ignore[assignment]
        if missing:
            file = next(file for file in job.files if file.digest == missing[0])
            actor_done = hired.actor.receive.remote(_wire(file), self._sender.blocks(file))
            hired.phase = "receive"
            self._busy[actor_done] = hired
            return
        if hired.phase == "receive":
            self._ask(hired, "missing", [_wire(file) for file in job.files])
            return
        hired.held |= {file.digest for file in job.files}
        self._tell("started", hired)
        self._ask(hired, "run", dict(job.arguments), method=job.method)

    def _fail(self, hired: _Hired, failure: ZkapexError) -> None:
        job, hired.job = hired.job, None
        if self._then.on_failure is None or job is None:
            raise failure
        self._jobs.extend(self._then.on_failure(job, failure))
        self._next_job(hired)

    def _refuse(self, hired: _Hired, failure: ZkapexError) -> None:
        self._refusals.append(failure)
        self._tell("refused", hired)
        self._kill(hired)

    def _slots(self) -> int:
        """Workers that the cluster has CPUs for: it may grow and shrink meanwhile."""
        return max(1, int(float(self._ray.cluster_resources().get("CPU", 0.0)) // self._terms.threads))

    def _replace(self, hired: _Hired, reason: str) -> None:
        """Give a lost worker's job to another one."""
        job = hired.job
        self._tell("lost", hired)
        if job is None:
            self._starts_lost += 1
            if self._starts_lost > ATTEMPTS:
                raise InternalError(
                    "workers do not start", code="no_workers", value=reason, hint="is zkapex installed on every machine?"
                )
            return
        self._lost[job.name] = self._lost.get(job.name, 0) + 1
        if self._lost[job.name] >= ATTEMPTS:
            raise InternalError(f"{job.name} was lost {ATTEMPTS} times with its worker", code="worker_lost", value=reason)
        if self._then.on_lost is not None and hired.phase == "run":
            self._then.on_lost(job)
        self._jobs.appendleft(job)

    def _dismiss(self, hired: _Hired) -> None:
        """Let a worker end what it is at and clean up; then end it by force."""
        with suppress(self._ray.exceptions.RayError):
            self._ray.get(hired.actor.leave.remote(), timeout=_LEAVE_SECONDS)
        self._kill(hired)

    def _kill(self, hired: _Hired) -> None:
        with suppress(self._ray.exceptions.RayError):
            self._ray.kill(hired.actor)

    def _require_movement(self) -> None:
        waiting = all(hired.phase == "greet" for hired in self._busy.values())
        if waiting and time.monotonic() - self._moved > self._terms.start_seconds:
            seconds = self._terms.start_seconds
            raise InternalError(
                f"no worker could start in {seconds:.0f} seconds", code="no_workers",
                hint=f"the cluster needs {self._terms.threads} free CPUs on one machine",
            )  # fmt: skip

    def _tell(self, kind: str, hired: _Hired, job: Job | None = None) -> None:
        if self._terms.on_event is not None:
            about = job or hired.job
            self._terms.on_event(Event(kind, hired.name, hired.pid, about.name if about else ""))


def _wire(file: SentFile) -> dict[str, Any]:
    return dict(vars(file))
