"""What progress bars show at any width, the time left above all; lines that break between words."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console
from rich.progress import Progress

from zkapex_jax.cli import output
from zkapex_jax.cli.output import _Bars, _TimeLeft
from zkapex_jax.prover.progress import Progress as Step


def shown(bars: Progress) -> str:
    return _TimeLeft().render(bars.tasks[0]).plain


def test_time_left_is_known_after_one_step_and_counts_down() -> None:
    bars = Progress(auto_refresh=False)
    tell = _Bars(bars)
    tell(Step("python", 0, 4))
    assert shown(bars) == "-:--:--"
    bars.tasks[0].start_time = bars.get_time() - 100.0
    tell(Step("python", 1, 4))
    assert shown(bars) == "0:05:00"
    bars.tasks[0].fields["end"] = time.monotonic() + 61.2
    assert shown(bars) == "0:01:01"
    bars.tasks[0].fields["end"] = time.monotonic() - 30.0
    assert shown(bars) == "0:00:00"


def test_nothing_is_left_at_the_end() -> None:
    bars = Progress(auto_refresh=False)
    tell = _Bars(bars)
    for done in range(3):
        tell(Step("python", done, 2))
    assert shown(bars) == "0:00:00"


@pytest.mark.parametrize("width", [40, 60, 64, 80, 99, 100, 160])
def test_a_bar_says_how_far_and_how_long_at_any_width(width: int) -> None:
    """Nothing of it is cut off, whatever the terminal: the longest name of a stage, a large file in kilobytes."""
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with Progress(*output.bar_columns(width), console=console, auto_refresh=False) as bars:
        task = bars.add_task("send enrolment-proof, kB", total=262_144, rate="", end=None)
        bars.update(task, completed=131_072, end=time.monotonic() + 75.4)
        line = "".join(segment.text for segment in console.render(bars.get_renderable())).rstrip("\n")
    assert "…" not in line and "\n" not in line and "0:01:15" in line
    assert ("50 %" if width < 64 else "131072/262144") in line


def test_words_are_broken_between_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = "Never leaves: your weights [personal], your data"
    output.Output().words(text)
    assert capsys.readouterr().out == f"{text}\n"
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    output.Output().words(text)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line.rstrip()) <= 20 for line in lines) and " ".join(line.strip() for line in lines) == text
    for silent in (output.Output(as_json=True), output.Output(quiet=True)):
        silent.words(text)
    assert capsys.readouterr().out == ""
