"""Trials of other kinds: a file cut short, two processes at once, a clock that goes backwards, a run killed again and again."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import fault_checks
import fault_damage
from fault_commands import Commands, Ended
from fault_shim import Kind
from fault_steps import FINISHED_BY, STEPS, Place
from fault_story import Story, as_it_should
from fault_trial import STORAGE, Outcome, Trial, again_of, ending

from zkapex_jax.errors import ZkapexError

BAD_INPUT, BUG = 2, 5
YEARS = 365 * 86400
#: Steps that two processes may run at once, on one ledger or in one client's folder.
PAIRS = ("keygen", "enrol", "admit", "prove", "verify", "verify_bad", "advance", "renew", "admit_again", "adopt")


def cut_file(commands: Commands, story: Story, trial: Trial, folder: Path) -> Outcome:
    """After a step, one of its new files is cut short (`fault`: cut, then the class of length; `at`: which file).

    The step again, and the next one, either restore it or name it and refuse; neither takes it, and no ledger loses anything.
    """
    scene, place, length = story.scenes[trial.step], Place(folder / "files", commands.cache), trial.fault.removeprefix("cut ")
    shutil.copytree(scene.after, place.root)
    files = fault_damage.newest(place.root, scene.before)
    path = files[trial.at % len(files)]
    name = path.relative_to(place.root)
    if not fault_damage.cut(path, length):
        return Outcome(trial, "no change", False, "done")
    again = commands.run(trial.step, place.root)
    if path.name == "ledger.sqlite":
        wrong = [] if _ledger_refused(again, place.root) else [f"a cut ledger is taken: {again.outcome}"]
        return Outcome(trial, "ledger: refused", False, ending(again), wrong)
    wrong = _no_bug(name, again)
    restored = path.exists() and not list(fault_checks.whole(place.root))
    if as_it_should(trial.step, again) and not restored and path.parent.name != "points":  # a cache is looked at when it is used
        wrong.append(f"{name}: the step takes a file that is cut")
    after = _next(trial.step)
    if after is not None:
        wrong += [*_no_bug(name, commands.run(after, place.root)), *_nothing_lost(story, after, place)]
    how = "restored" if restored else "refused" if again.outcome and again.outcome["exit"] in (BAD_INPUT, STORAGE) else ending(again)
    return Outcome(trial, how, restored, ending(again), wrong)


def _ledger_refused(again: Ended, root: Path) -> bool:
    """The step again refused it; or it refused something else before it came to the ledger, and a reader refuses that."""
    if again.outcome is None or again.outcome["exit"] != STORAGE:
        return again.outcome is not None and again.outcome["exit"] == BAD_INPUT
    try:
        fault_checks.events(root)
    except ZkapexError:
        return True
    return False


def _no_bug(name: object, ended: Ended) -> list[str]:
    """It ended well, or with a sentence that says whose fault it is."""
    return [f"{name}: a command ends in {ended.outcome or ended.status}"] if ended.outcome is None or ended.outcome["exit"] == BUG else []


def _nothing_lost(story: Story, after: str, place: Place) -> list[str]:
    """The ledger still holds all that it held before `after`."""
    before, now = fault_checks.events(story.scenes[after].before), fault_checks.events(place.root)
    return [] if now[: len(before)] == before else ["an event of the ledger is lost"]


def _next(step: str) -> str | None:
    order = list(STEPS)
    place = order.index(step) + 1
    return order[place] if place < len(order) else None


def two_at_once(commands: Commands, story: Story, trial: Trial, folder: Path) -> Outcome:
    """The same step twice at once, the second a little later; with `kill`, the first is killed on the way (`at`).

    Each does its work or says that another is at it; together they leave what one leaves.
    """
    scene, place, rng = story.scenes[trial.step], Place(folder / "files", commands.cache), random.Random(trial.name)
    story.copy(trial.step, place.root)
    kind = Kind.KILL if trial.fault == "two, one killed" else Kind.NONE
    first = commands.start(trial.step, place.root, kind, trial.at)
    time.sleep(rng.uniform(0, scene.seconds))
    second = commands.start(trial.step, place.root)
    ended = [commands.end(first), commands.end(second)]
    wrong = [f"one of two ends in {one.outcome or one.status}" for one in ended[bool(kind) :] if not _polite(trial.step, one)]
    wrong += fault_checks.whole(place.root)
    wrong += fault_checks.ledger_holds(scene, place, reported=any(as_it_should(trial.step, one) for one in ended))
    again = again_of(scene, place, commands.run(trial.step, place.root))
    wrong += ["does not resume"] if again is None else fault_checks.finished(scene, place)
    return Outcome(trial, " and ".join(sorted(map(ending, ended))), not wrong, again or "stuck", wrong)


def _polite(step: str, ended: Ended) -> bool:
    """It did its work, or said that another process has done it or is at it."""
    return as_it_should(step, ended) or (ended.outcome is not None and ended.outcome["exit"] == STORAGE)


def clock_backwards(commands: Commands, story: Story, trial: Trial, folder: Path) -> Outcome:
    """The clock is `at` years off, and goes back by an hour each time that it is read: nothing depends on it."""
    scene, place = story.scenes[trial.step], Place(folder / "files", commands.cache)
    story.copy(trial.step, place.root)
    ended = commands.run(trial.step, place.root, clock=trial.at * YEARS, tick=-3600)
    wrong = [] if as_it_should(trial.step, ended) else [f"a step ends in {ended.outcome or ended.status}"]
    wrong += fault_checks.whole(place.root)
    wrong += fault_checks.ledger_holds(scene, place, reported=True)
    wrong += fault_checks.finished(scene, place)
    return Outcome(trial, f"{ending(ended)}, the clock read" if ended.control.clock_readings else ending(ended), not wrong, "done", wrong)


def killed_often(commands: Commands, story: Story, trial: Trial, folder: Path) -> Outcome:
    """`at` runs are killed one after the other, each at a change of its own; the next one finishes."""
    scene, place, rng = story.scenes[trial.step], Place(folder / "files", commands.cache), random.Random(trial.name)
    story.copy(trial.step, place.root)
    wrong: list[str] = []
    for _ in range(trial.at):
        ended = commands.run(trial.step, place.root, Kind.KILL, rng.randint(1, scene.changes))
        if not ended.killed:
            break
        wrong += fault_checks.whole(place.root)
    last = commands.run(trial.step, place.root)
    again = again_of(scene, place, last)
    if again == "there already" and trial.step in FINISHED_BY:
        again = "recorded" if as_it_should("", commands.run(FINISHED_BY[trial.step].__name__, place.root)) else None
    wrong += [f"does not resume: {last.outcome}"] if again is None else [*fault_checks.whole(place.root), *fault_checks.finished(scene, place)]
    return Outcome(trial, "killed", not wrong, again or "stuck", wrong)


OTHERS: dict[str, Callable[[Commands, Story, Trial, Path], Outcome]] = {
    **{f"cut {length}": cut_file for length in (*fault_damage.LENGTHS, fault_damage.ZEROS)},
    "two at once": two_at_once, "two, one killed": two_at_once, "clock": clock_backwards, "killed often": killed_often,
}  # fmt: skip


def run_any(commands: Commands, story: Story, trial: Trial, folder: Path) -> Outcome:
    """One trial of any kind."""
    from fault_trial import run_trial

    if trial.fault not in OTHERS:
        return run_trial(commands, story, trial, folder)
    try:
        return OTHERS[trial.fault](commands, story, trial, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
