"""What a person sees while it runs: one line a stage, a bar with the time left, a check mark when it is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

#: (done, total) in any unit.
Step = Callable[[int, int], None]


class Display(Protocol):
    """Shows the stages of a run."""

    def stage(self, title: str) -> object:
        """Context manager that yields a `Step`."""

    def say(self, text: str) -> None:
        """One line between stages."""


class Quiet:
    """Shows nothing: for `--json` and tests."""

    @contextmanager
    def stage(self, title: str) -> Iterator[Step]:
        yield lambda done, total: None

    def say(self, text: str) -> None:
        pass


class Bars:
    """Progress bars on a terminal; plain lines where standard error is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, title: str) -> Iterator[Step]:
        columns = (
            SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description:<34}"), BarColumn(bar_width=28),
            TaskProgressColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
        )  # fmt: skip
        start = time.perf_counter()
        with Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal) as progress:
            task = progress.add_task(title, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)
        seconds = time.perf_counter() - start
        self._console.print(f"[green]✓[/] {title:<38} {seconds:7.1f} s", highlight=False)

    def say(self, text: str) -> None:
        self._console.print(text, highlight=False)
