"""One trial: a step is disturbed, what it leaves is looked at, and it is run again."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import fault_checks
from fault_commands import Commands, Ended
from fault_power import cut_power
from fault_shim import Kind
from fault_steps import FINISHED_BY, Place
from fault_story import REFUSED, Scene, Story, as_it_should

STORAGE = 4
#: A step whose work is proven good by the one after it.
PROVEN_BY = {"enrol": "admit", "prove": "verify", "renew": "admit_again"}
#: Faults that a command survives and speaks of.
SPOKEN = {"full": Kind.FULL, "eio": Kind.EIO, "frozen": Kind.FROZEN}
FAULTS = ("kill", "kill-one", "torn", "power", "power-worst", *SPOKEN)


@dataclass(frozen=True)
class Trial:
    """`fault` of FAULTS (or of those in `fault_others`) at change `at` of `step`, drawn with `seed` where something is left to chance."""

    step: str
    fault: str
    at: int
    seed: int = 0

    @property
    def name(self) -> str:
        """Tells trials apart, and seeds what is left to chance in one."""
        return f"{self.step}/{self.fault}/{self.at}/{self.seed}"


@dataclass(frozen=True)
class Outcome:
    """How the disturbed command ended, how the second one did, and what was wrong (nothing, it is hoped)."""

    trial: Trial
    ended: str
    recorded: bool
    again: str
    wrong: list[str] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        return asdict(self)


def run_trial(commands: Commands, story: Story, trial: Trial, folder: Path) -> Outcome:
    """Raises nothing that a trial can cause: what is wrong is in the outcome."""
    scene, place = story.scenes[trial.step], Place(folder / "files", commands.cache)
    story.copy(trial.step, place.root)
    try:
        first = _disturb(commands, trial, place)
        wrong = [*_spoken(trial, first), *fault_checks.whole(place.root)]
        reported = as_it_should(trial.step, first)
        wrong += fault_checks.ledger_holds(scene, place, reported=reported)
        recorded = not wrong and fault_checks.events(place.root) != fault_checks.events(scene.before)
        second = commands.run(trial.step, place.root)
        again = again_of(scene, place, second)
        if again == "there already" and trial.step in FINISHED_BY:
            second = commands.run(FINISHED_BY[trial.step].__name__, place.root)
            again = "recorded" if second.outcome and second.outcome["exit"] == 0 else None
        if again is None:
            wrong.append(f"does not resume: {second.outcome}")
        else:
            wrong += fault_checks.whole(place.root)
            wrong += fault_checks.finished(scene, place)
            wrong += _proven(commands, trial.step, place)
        return Outcome(trial, ending(first), recorded, again or "stuck", wrong)
    finally:
        shutil.rmtree(folder)


def _disturb(commands: Commands, trial: Trial, place: Place) -> Ended:
    kind = SPOKEN.get(trial.fault, Kind.TORN if trial.fault == "torn" else Kind.KILL)
    ended = commands.run(trial.step, place.root, kind, trial.at, group=trial.fault != "kill-one")
    if trial.fault.startswith("power"):
        cut_power(ended.control, place.root, random.Random(trial.name), worst=trial.fault == "power-worst")
    return ended


def _spoken(trial: Trial, ended: Ended) -> Iterator[str]:
    """A fault of the disk is one sentence and exit code 4, never a traceback."""
    if trial.fault in SPOKEN and not as_it_should(trial.step, ended):
        if ended.outcome is None or ended.outcome["exit"] != STORAGE:
            yield f"a fault of the disk ended in {ended.outcome or ended.status}"


def again_of(scene: Scene, place: Place, second: Ended) -> str | None:
    """How the second run ended, if well: it did the work, or said that the work is there."""
    if as_it_should(scene.step, second):
        return "done"
    if second.outcome and second.outcome.get("code") == "exists" and Path(str(second.outcome.get("file"))).exists():
        return "there already"
    return None


def _proven(commands: Commands, step: str, place: Place) -> Iterator[str]:
    if step in PROVEN_BY:
        after = commands.run(PROVEN_BY[step], place.root)
        if not as_it_should(PROVEN_BY[step], after):
            yield f"{PROVEN_BY[step]} refuses what was made: {after.outcome}"


def ending(ended: Ended) -> str:
    if ended.outcome is None:
        return "killed" if ended.killed else "died"
    code = ended.outcome["exit"]
    return "done" if code == 0 else "refused" if code == REFUSED else str(ended.outcome.get("code", code))
