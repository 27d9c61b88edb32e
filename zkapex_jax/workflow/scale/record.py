"""What each stage of a full-size run cost, kept on disk: an interrupted run goes on with the stage that it was in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zkapex_jax.errors import InputError
from zkapex_jax.formats.atomic import write_text
from zkapex_jax.formats.nesting import parse_json
from zkapex_jax.formats.reading import read_bytes
from zkapex_jax.prover import OnProgress, Prover
from zkapex_jax.prover.process import Outcome
from zkapex_jax.workflow.memory import give_back, own_peak, reset_peak

Facts = dict[str, Any]
_MAX_BYTES = 16 << 20


@dataclass(frozen=True)
class RecordingProver(Prover):
    """The Rust binary, which also notes what every command cost."""

    calls: list[dict[str, Any]] = field(default_factory=list, compare=False)

    def _outcome(self, arguments: Sequence[str], on_progress: OnProgress | None, *, refusal_is_result: bool = False) -> Outcome:
        started = time.monotonic()
        outcome = super()._outcome(arguments, on_progress, refusal_is_result=refusal_is_result)
        costs = {"command": arguments[0], "wall_seconds": time.monotonic() - started}
        for name in ("seconds", "peak_rss_bytes"):
            if name in outcome.result:
                costs[name] = outcome.result[name]
        self.calls.append(costs)
        return outcome


class Record:
    """Stages that are done: name, seconds, microseconds a weight, peak memory, and facts that later stages need.

    `key` says what the run is of; a file of another run is refused.
    """

    def __init__(self, path: Path, key: Facts, prover: RecordingProver, weights: int) -> None:
        self._path, self._key, self._prover, self._weights = path, key, prover, weights
        self._stages: list[dict[str, Any]] = _read(path, key) if path.exists() else []

    @property
    def stages(self) -> list[dict[str, Any]]:
        """Costs alone, in order."""
        return [{name: value for name, value in stage.items() if name != "facts"} for stage in self._stages]

    def facts(self, name: str) -> Facts:
        """What a finished stage handed on."""
        return next(stage["facts"] for stage in self._stages if stage["name"] == name)

    def run(self, name: str, work: Callable[[], Facts]) -> Facts:
        """Do a stage and note its cost, unless it was done before."""
        if any(stage["name"] == name for stage in self._stages):
            return self.facts(name)
        give_back()
        reset, first, started = reset_peak(), len(self._prover.calls), time.monotonic()
        facts = work()
        seconds, calls, own = time.monotonic() - started, self._prover.calls[first:], own_peak() if reset else None
        peaks = [call["peak_rss_bytes"] for call in calls if "peak_rss_bytes" in call]
        self._stages.append({
            "name": name, "seconds": seconds, "us_per_weight": 1e6 * seconds / self._weights,
            "peak_rss_bytes": max(peaks, default=own), "python_peak_rss_bytes": own, "commands": calls, "facts": facts,
        })  # fmt: skip
        write_text(self._path, json.dumps({"key": self._key, "stages": self._stages}, indent=1), force=True)
        return facts


def _read(path: Path, key: Facts) -> list[dict[str, Any]]:
    try:
        document = parse_json(read_bytes(path, max_bytes=_MAX_BYTES))
        found, stages = document["key"], list(document["stages"])
        if not all({"name", "facts", "seconds"} <= stage.keys() for stage in stages):
            raise ValueError("a stage lacks its name, facts or seconds")
    except InputError as error:
        raise error.in_file(path) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"is no record of a run: {error}", code="scale_record", file=path) from error
    if found != key:
        raise InputError("is of another run", code="scale_record", file=path, value=found, hint="give another folder, or remove this one")
    return stages
