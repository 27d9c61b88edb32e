"""Units and errors of the studies of digits and glyphs; what a unit does is tested where it is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from experiments.digits import __main__ as digits
from experiments.digits.config import FULL as DIGITS
from experiments.digits.task import task_of
from experiments.glyphs import __main__ as glyphs
from experiments.glyphs.config import FULL as GLYPHS
from experiments.lab.sizes import preset_of


def test_a_unit_a_task_and_seed() -> None:
    names = [unit.name for unit in digits.units_of(DIGITS)]
    assert names == [f"methods-{task}-{seed}" for task in DIGITS.tasks for seed in DIGITS.seeds]
    names = [unit.name for unit in glyphs.units_of(GLYPHS)]
    assert names == [*(f"{kind}-glyphs-{seed}" for seed in GLYPHS.seeds for kind in ("methods", "frontier")), f"proofs-glyphs-{GLYPHS.seeds[0]}"]


def test_the_served_task_differs_in_its_sizes_alone() -> None:
    ours, served = (task_of(DIGITS, 100, name) for name in DIGITS.tasks)
    assert (preset_of(ours.preset).client_rows, preset_of(served.preset).client_rows) == (384, 64)
    assert not preset_of(served.preset).insecure and preset_of(ours.preset).insecure
    assert (ours.personal_train["pixel_values"] == served.personal_train["pixel_values"]).all()


@pytest.mark.parametrize("main", [digits.main, glyphs.main])
@pytest.mark.parametrize(("words", "said"), [(["--seeds", "3"], "at least two"), (["--seeds", "0", "x"], "non-negative integer")])
def test_errors_are_one_line(main: Callable[[list[str]], int], words: list[str], said: str, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--results", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error and error.count("\n") == 1


def test_unknown_tasks_are_named(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    assert digits.main(["--tasks", "letters", "--results", str(tmp_path)]) == 2
    assert "must be among digits, digits-served" in capsys.readouterr().err
