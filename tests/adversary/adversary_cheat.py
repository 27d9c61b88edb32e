"""The table of cheats: what each breaks, in which round, how it is made, which check catches it, and with what class of error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from adversary_bench import Bench, Client
from adversary_proofs import Act, Answer, Cheating, Enrolling, Play
from interop_files import Case

REFUSED, INPUT = "refused", "input"
ONLINE, ENROL = "fold_kkt", "enrol"


@dataclass(frozen=True)
class Cheat:
    """`play` makes the files, proofs and all. `round`: when it acts (0: files, before any proof; then the protocol's rounds).
    `caught`: the check's name in the list of checks. `error`: refused (a proof or a policy) or input (a file)."""

    name: str
    what: str
    round: str
    relation: str
    made: str
    caught: str
    error: str
    play: Callable[[Bench, Path], Play]

    def case(self, bench: Bench, folder: Path) -> Case:
        return self.play(bench, folder / self.name).case()

    def made_once(self, bench: Bench) -> Case:
        """The same files for every test of a process, made by provers that nobody changed."""
        if self.name not in bench.cases:
            bench.cases[self.name] = self.case(bench, bench.folder / "cheats")
        return bench.cases[self.name]


CHEATS: dict[str, Cheat] = {}


def add(cheat: Cheat) -> None:
    if cheat.name in CHEATS:
        raise ValueError(f"two cheats are called {cheat.name}")
    CHEATS[cheat.name] = cheat


@cache
def honest_answer(bench: Bench) -> Answer:
    """Alice's answer, proven."""
    return Answer.of(bench, bench.alice, bench.folder / "honest-answer").prove()


@cache
def honest_enrolling(bench: Bench) -> Enrolling:
    """Alice's enrolment, proven."""
    return Enrolling.of(bench, bench.alice, bench.folder / "honest-enrolment").prove()


@cache
def honest_renewal(bench: Bench) -> Enrolling:
    """Alice, who has forgotten a tenth of her weights, enrols anew."""
    return Enrolling.of(bench, renewing(bench, bench.mask("earlier")), bench.folder / "honest-renewal").prove()


def renewing(bench: Bench, cumulative: np.ndarray) -> Client:
    """Alice, who has forgotten these weights, about to enrol anew."""
    forgetful = bench.new_client("alice", cumulative)
    before = bench.state_parts(forgetful, bench.enrolment_parts(forgetful).tensors["c_theta"])
    before.fields |= {"enrolment_digest": "cd" * 32, "position": 1}
    return bench.renewed(forgetful, before)


def answer(bench: Bench, folder: Path) -> Answer:
    return honest_answer(bench).copy(folder)


def enrolling(bench: Bench, folder: Path) -> Enrolling:
    return honest_enrolling(bench).copy(folder)


def renewal(bench: Bench, folder: Path) -> Enrolling:
    return honest_renewal(bench).copy(folder)


def by_prover(
    name: str, what: str, caught: str, acts: Mapping[int, Act], made: str, *, relation: str = ONLINE, last: Callable | None = None, start: Callable | None = None
) -> None:
    """A cheat of chunk 0's prover: `acts` before its rounds, `last` in place of the last one."""
    begin = start or {ONLINE: answer, ENROL: enrolling}[relation]
    rounds = {ONLINE: 4, ENROL: 2}[relation]
    when = ", ".join(map(str, sorted({*acts, *([rounds] if last else [])})))

    def play(bench: Bench, folder: Path) -> Play:
        return begin(bench, folder).prove({0: Cheating(dict(acts), last)})

    add(Cheat(name, what, when, relation, made, caught, REFUSED, play))
