"""The short form of `make faults`: one trial of each kind, on the real commands and the real prover."""

from __future__ import annotations

import json

import pytest
from fault_long import RECORD, ROOT
from fault_plan import SHARES, SLOW, plan, short_form
from fault_stage import Stage
from fault_steps import STEPS
from fault_table import table
from fault_trial import Trial

_SHORT = short_form(dict.fromkeys(STEPS, 40))


@pytest.mark.parametrize("number", range(len(_SHORT)), ids=[f"{trial.step} {trial.fault}" for trial in _SHORT])
def test_nothing_is_lost_and_every_run_resumes(stage: Stage, number: int) -> None:
    changes = {step: scene.changes for step, scene in stage.story.scenes.items()}
    outcome = stage.run(short_form(changes)[number])
    assert not outcome.wrong, outcome


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["kill", "power-worst"])
def test_every_tenth_change_of_a_step(stage: Stage, step: str, fault: str) -> None:
    for at in range(1, stage.story.scenes[step].changes + 2, 10):
        outcome = stage.run(Trial(step, fault, at))
        assert not outcome.wrong, outcome


def test_the_page_tells_the_last_record() -> None:
    rows = json.loads(RECORD.read_text())["rows"]
    assert table(rows) in (ROOT / "docs" / "threat-model.md").read_text(), "copy the table that `make faults` printed"
    assert {row["fault"] for row in rows} <= set(SHARES) and not any(row["wrong"] for row in rows)


def test_the_plan_has_every_kind_and_repeats() -> None:
    changes = dict.fromkeys(STEPS, 50)
    first, again = plan(changes, 300, 1), plan(changes, 300, 1)
    assert first == again and first != plan(changes, 300, 2)
    assert {trial.fault.split(" ")[0] if trial.fault.startswith("cut") else trial.fault for trial in first} == set(SHARES)
    assert len({trial.name for trial in first}) == len(first) >= 290
    assert {trial.step for trial in first} == set(STEPS)
    assert sum(trial.step == SLOW for trial in first) < 20
