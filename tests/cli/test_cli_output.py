"""The time left that progress bars show."""

from __future__ import annotations

import time

from rich.progress import Progress

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
