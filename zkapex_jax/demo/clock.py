"""Wall time and peak memory of each stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from zkapex_jax.demo.display import Display, Step
from zkapex_jax.report.parts import StageCost
from zkapex_jax.report.values import Side
from zkapex_jax.workflow.memory import own_peak, reset_peak


@dataclass
class Stage:
    """Handle of a running stage: progress goes to `step`; a child process's own peak replaces this process's.

    `untold`: a child did the work, but its own peak is not known."""

    step: Step
    child_peak: int | None = None
    untold: bool = False
    split: list[StageCost] = field(default_factory=list)

    def progress(self, event: Any) -> None:
        """A `Progress` of the prover or a workflow step: weights where it counts them, items otherwise."""
        if event.weights_total:
            self.step(event.weights_done, event.weights_total)
        else:
            self.step(event.done, event.total)

    def child(self, peak_rss_bytes: int | None) -> None:
        """The stage's work was done by a child process with this peak."""
        if peak_rss_bytes is not None:
            self.child_peak = max(peak_rss_bytes, self.child_peak or 0)

    def part(self, name: str, title: str, side: Side, seconds: float, peak_rss_bytes: int | None = None) -> None:
        """Report `seconds` of this stage as a stage of its own, with the peak of the child process that did it."""
        self.split.append(StageCost(name=name, title=title, side=side, seconds=seconds, peak_rss_bytes=peak_rss_bytes))


class Clock:
    """Collects the cost of stages in the order in which they end; one name twice adds up."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._costs: dict[str, StageCost] = {}

    @contextmanager
    def stage(self, name: str, title: str, side: Side) -> Iterator[Stage]:
        """Time the block. A stage that raises is not recorded."""
        exact = reset_peak()
        start = time.perf_counter()
        with self._display.stage(title) as step:
            stage = Stage(step)
            yield stage
            seconds = time.perf_counter() - start
        peak = stage.child_peak if stage.child_peak is not None else own_peak() if exact and not stage.untold else None
        inner = sum(part.seconds for part in stage.split)
        self._add(StageCost(name=name, title=title, side=side, seconds=max(0.0, seconds - inner), peak_rss_bytes=peak))
        for part in stage.split:
            self._add(part)

    def costs(self) -> list[StageCost]:
        return list(self._costs.values())

    def _add(self, cost: StageCost) -> None:
        before = self._costs.pop(cost.name, None)
        if before is not None:
            peaks = [peak for peak in (before.peak_rss_bytes, cost.peak_rss_bytes) if peak is not None]
            seconds = before.seconds + cost.seconds
            cost = cost.model_copy(update={"seconds": seconds, "peak_rss_bytes": max(peaks, default=None)})
        self._costs[cost.name] = cost
