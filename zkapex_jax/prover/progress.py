"""What a long operation tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps of a stage, and the weights that they covered (0 of 0 where weights do not measure it).

    `resumed` of the steps done, `weights_resumed` of their weights, were there from an earlier run and took no time now.
    """

    stage: str
    done: int
    total: int
    weights_done: int = 0
    weights_total: int = 0
    resumed: int = 0
    weights_resumed: int = 0


OnProgress = Callable[[Progress], None]


def tell(
    on_progress: OnProgress | None, stage: str, done: int, total: int, weights_done: int = 0, weights_total: int = 0
) -> None:
    """Report, if anybody listens."""
    if on_progress is not None:
        on_progress(Progress(stage, done, total, weights_done, weights_total))


def parse_progress(event: dict[str, Any]) -> Progress | None:
    """A progress event of the Rust binary; None if it is malformed, for progress is never worth failing for."""
    numbers = [event.get(name, 0) for name in ("done", "total", "weights_done", "weights_total")]
    if not isinstance(event.get("stage"), str) or any(type(number) is not int or number < 0 for number in numbers):
        return None
    return Progress(event["stage"], *numbers)
