"""Every cheat is refused by both verifiers, with the same class of error; what is honest is accepted by both."""

from __future__ import annotations

import cheats_all
import pytest
from adversary_bench import Bench
from adversary_cheat import CHEATS, Cheat, honest_answer, honest_enrolling, honest_renewal
from adversary_judge import by_python, by_rust, error_class
from adversary_tally import TALLY

SHORT = cheats_all.SHORT


@pytest.mark.parametrize("honest", [honest_answer, honest_enrolling, honest_renewal])
def test_the_honest_are_accepted(bench: Bench, honest) -> None:
    case = honest(bench).case()
    assert by_python(bench, case) == by_rust(case) == ("chunks", True, True)


@pytest.mark.parametrize("cheat", [pytest.param(one, id=name, marks=[] if name in SHORT else pytest.mark.slow) for name, one in CHEATS.items()])
def test_a_cheat_is_refused_by_both_alike(bench: Bench, cheat: Cheat) -> None:
    case = cheat.made_once(bench)
    python = by_python(bench, case)
    rust = by_rust(case)
    assert (error_class(rust), error_class(python)) == (cheat.error, cheat.error), f"Rust {rust}, Python {python}"
    assert rust == python, "the verdicts differ chunk by chunk"
    TALLY[f"cheats refused by both verifiers ({cheat.error})"] += 1
