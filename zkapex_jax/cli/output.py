"""What a command prints: results on standard output (text or one JSON document), progress on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from zkapex_jax.prover.progress import OnProgress
from zkapex_jax.prover.progress import Progress as Step

#: Columns of a table that goes to a file or a pipe.
_PIPE_WIDTH = 160
#: Terminals with fewer characters show less beside a bar.
_NARROW, _WIDE = 64, 100
#: Said beside every accepted bundle.
NOT_PROVEN = (
    "Not proven: that the curvature is the true Fisher of the client's data, that the enrolled model is the one deployed, "
    "that old copies are gone."
)


@dataclass(frozen=True)
class Output:
    """`progress` None: bars if standard error is a terminal."""

    as_json: bool = False
    quiet: bool = False
    progress: bool | None = None

    def result(self, document: Mapping[str, Any], *lines: str) -> None:
        """Print the result: `document` with --json, else `lines` (rich markup); nothing with --quiet."""
        if self.as_json:
            print(json.dumps(plain(document), indent=2, ensure_ascii=False))
        elif not self.quiet:
            for line in lines:
                Console(highlight=False, soft_wrap=True).print(line)

    def note(self, words: str) -> None:
        """Say on standard error, while a command works, what keeps it waiting; nothing with --quiet."""
        if not self.quiet:
            print(words, file=sys.stderr, flush=True)

    def words(self, text: str) -> None:
        """Print a line, broken between words where the terminal ends; nothing with --json or --quiet."""
        if not self.as_json and not self.quiet:
            console = Console(highlight=False)
            console.print(escape(text), soft_wrap=not console.is_terminal)

    def table(self, title: str, columns: list[str], rows: list[list[Any]], *, words: Collection[int] = (0,)) -> None:
        """Print a title and a table, unless --json or --quiet. Columns of `words` begin at the left, the others end at the right."""
        if self.as_json or self.quiet:
            return
        console = Console(highlight=False)
        if not console.is_terminal:
            console = Console(highlight=False, width=_PIPE_WIDTH)
        if title:
            console.print(f"[bold]{escape(title)}[/]")
        table = Table(box=None, pad_edge=False)
        for index, column in enumerate(columns):
            table.add_column(column, justify="left" if index in words else "right", overflow="fold")
        for row in rows:
            table.add_row(*(escape(str(cell)) for cell in row))
        if rows:
            console.print(table)

    @contextmanager
    def bars(self) -> Iterator[OnProgress]:
        """A callback that draws one bar a stage, with steps done, time spent and time left."""
        console = Console(stderr=True)
        wanted = console.is_terminal if self.progress is None else self.progress
        if self.quiet or not wanted:
            yield lambda step: None
            return
        with Progress(*bar_columns(console.width), console=console) as bars:
            yield _Bars(bars)


def bar_columns(width: int) -> tuple[ProgressColumn, ...]:
    """What a bar shows on a terminal of so many characters: how far and how long first, the rest where there is room for it."""
    if width < _NARROW:
        return TextColumn("{task.description}"), TextColumn("{task.percentage:>3.0f} %"), _TimeLeft()
    if width < _WIDE:
        return TextColumn("{task.description:<18}"), BarColumn(bar_width=8), MofNCompleteColumn(), TextColumn("left"), _TimeLeft()
    return (
        TextColumn("{task.description:<18}"), BarColumn(bar_width=30), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:>14}"), TimeElapsedColumn(), TextColumn("left"), _TimeLeft(),
    )  # fmt: skip


class _Bars:
    """One rich task a stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: Step) -> None:
        if step.stage not in self._tasks:
            self._tasks[step.stage] = self._bars.add_task(escape(step.stage), total=step.total, rate="", end=None)
        task = self._tasks[step.stage]
        elapsed = self._bars.tasks[self._bars.task_ids.index(task)].elapsed or 0.0
        fresh = step.weights_done - step.weights_resumed
        rate = f"{1e6 * elapsed / fresh:.2f} µs/weight" if fresh and elapsed else ""
        left = seconds_left(step, elapsed)
        end = None if left is None else time.monotonic() + left
        self._bars.update(task, completed=step.done, total=step.total, rate=rate, end=end)


def seconds_left(step: Step, elapsed: float) -> float | None:
    """At the mean pace of what was done now, by weights where they are known, else by steps; None before anything was."""
    if step.weights_total:
        done, rest = step.weights_done - step.weights_resumed, step.weights_total - step.weights_done
    else:
        done, rest = step.done - step.resumed, step.total - step.done
    return elapsed * rest / done if done > 0 and elapsed else None


class _TimeLeft(ProgressColumn):
    """Time left at the mean pace so far, known after one step; it counts down within a step, for a step may take a minute."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        end = task.fields["end"]
        if end is None or task.finished:
            return Text("0:00:00" if task.finished else "-:--:--", style="progress.remaining")
        minutes, seconds = divmod(max(0, round(end - time.monotonic())), 60)
        return Text(f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}", style="progress.remaining")


def plain(value: Any) -> Any:
    """JSON values of dataclasses, paths, tuples and NumPy numbers; whole numbers over 2^53 as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain({key: item for key, item in asdict(value).items() if not isinstance(item, np.ndarray)})
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, (str, float)):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value) if abs(int(value)) < 1 << 53 else str(int(value))
    if isinstance(value, np.floating):
        return float(value)
    return str(value) if isinstance(value, Path) else repr(value)


def human_bytes(count: int | None) -> str:
    """1,234 B, 1.2 MB, ..."""
    if count is None:
        return "unknown"
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:,.1f} {unit}"


def human_seconds(seconds: float) -> str:
    """0.12 s, 12.3 s, 4 min 5 s, ..."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
