"""What a round on a cluster is made of: jobs, events, the terms that it is run by, and the errors that workers send back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zkapex_jax.errors import BY_EXIT_CODE, InternalError, ZkapexError
from zkapex_jax.workflow.cluster.store import SentFile


@dataclass(frozen=True)
class Job:
    """`method` of the worker with `arguments`; `files` are on the worker's machine before it runs. `name` is for errors."""

    name: str
    method: str
    arguments: Mapping[str, Any]
    files: Sequence[SentFile]


@dataclass(frozen=True)
class Event:
    """For those who watch: `hired`, `refused`, `started`, `done` or `lost`, with the worker's name and process."""

    kind: str
    worker: str
    pid: int
    job: str


OnResult = Callable[[Job, Any], Iterable[Job]]
OnFailure = Callable[[Job, ZkapexError], Iterable[Job]]
OnLost = Callable[[Job], None]


@dataclass(frozen=True)
class Terms:
    """What a round is run by: Ray, threads (and CPUs) of a worker, who watches, seconds that a start may take, digests.

    `leaving` collects workers that are still being started when they are not needed any more, and their greetings: they end
    by themselves once they have started. Killed before, their places would be thought taken for a minute.
    """

    ray: Any
    threads: int
    on_event: Callable[[Event], None] | None
    start_seconds: float
    wanted: Mapping[str, str]
    presets: Sequence[str]
    leaving: list[tuple[Any, Any]]


@dataclass(frozen=True)
class Callbacks:
    """See `Cluster.run`."""

    on_result: OnResult
    on_failure: OnFailure | None
    on_lost: OnLost | None


def error_of(answer: Any) -> ZkapexError | None:
    """The error that a worker sent, as our own class again."""
    if not isinstance(answer, dict) or "error" not in answer:
        return None
    parts = {name: answer["error"].get(name) for name in ("code", "file", "field", "value", "hint")}
    kind = BY_EXIT_CODE.get(answer["error"].get("exit_code", 5), InternalError)
    return kind(str(answer["error"].get("message", "a worker failed")), **parts)
