"""Which trials are run: drawn from a seed, so that a run that was interrupted goes on with the rest."""

from __future__ import annotations

import random
from collections.abc import Mapping

import fault_damage
from fault_others import PAIRS
from fault_steps import STEPS
from fault_trial import Trial

#: Trials of each kind in a hundred.
SHARES: Mapping[str, int] = {
    "kill": 22, "kill-one": 10, "torn": 9, "power": 14, "power-worst": 8, "full": 9, "eio": 6, "frozen": 4, "cut": 9,
    "two at once": 4, "two, one killed": 3, "clock": 1, "killed often": 1,
}  # fmt: skip
#: It starts JAX, which takes longer than all the rest, and writes one file: one trial in forty.
SLOW = "unlearn"
_QUICK = tuple(step for step in STEPS if step != SLOW)
#: A clock years ahead, years behind, and before the epoch.
CLOCKS = (30, -9, -70)
#: More kills in a row than the blinding of a commitment would stand, if each of them cost a proof.
OFTEN = 8
OFTEN_STEPS = ("enrol", "prove", "renew", "admit", "verify", "request")


def plan(changes: Mapping[str, int], count: int, seed: int = 0) -> list[Trial]:
    """About `count` trials, at least one of each kind. `changes`: of each step, in an undisturbed run."""
    trials = []
    for kind, share in SHARES.items():
        for number in range(max(1, count * share // 100)):
            trials.append(_draw(random.Random(f"{seed}/{kind}/{number}"), kind, number, changes))
    return trials


def short_form(changes: Mapping[str, int]) -> list[Trial]:
    """One trial of each kind, at the steps where it bites most, and kills at three more."""
    chosen = {
        "kill": "verify", "kill-one": "prove", "torn": "keygen", "power": "enrol", "power-worst": "verify", "full": "admit",
        "eio": "request", "frozen": "advance", "two at once": "verify", "two, one killed": "admit", "clock": "verify", "killed often": "prove",
    }  # fmt: skip
    trials = [_of(random.Random(f"short/{kind}"), kind, step, 1, changes) for kind, step in chosen.items()]
    trials += [_of(random.Random(f"short/{step}"), "kill", step, 2, changes) for step in ("enrol", "renew", "adopt")]
    trials += [Trial("admit", "cut half", number) for number in (0, 3)] + [Trial("verify", "cut all but one", 1)]
    return trials


def _draw(rng: random.Random, kind: str, number: int, changes: Mapping[str, int]) -> Trial:
    if kind == "cut":
        lengths = (*fault_damage.LENGTHS, fault_damage.ZEROS)
        return Trial(rng.choice(list(STEPS)), f"cut {lengths[number % len(lengths)]}", rng.randrange(60), number)
    steps = PAIRS if kind.startswith("two") else OFTEN_STEPS if kind == "killed often" else _QUICK
    if steps is _QUICK and number % 40 == 5:
        steps = (SLOW,)
    return _of(rng, kind, steps[number % len(steps)], number, changes)


def _of(rng: random.Random, kind: str, step: str, number: int, changes: Mapping[str, int]) -> Trial:
    if kind == "clock":
        return Trial(step, kind, CLOCKS[number % len(CLOCKS)], number)
    if kind == "killed often":
        return Trial(step, kind, OFTEN if number != 1 else 4, number)
    if kind == "frozen" and rng.random() < 0.5:
        return Trial(step, kind, 1, number)  # a folder that could not be written from the start
    return Trial(step, kind, rng.randint(1, changes[step] + 1), number)
