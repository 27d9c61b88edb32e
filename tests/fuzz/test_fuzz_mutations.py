"""Some mutations of every format, on the readers of both Python packages: typed errors, and agreement.

`make explore` draws others; `make fuzz` draws millions, guided by coverage.
"""

from __future__ import annotations

import pytest

from fuzz_short import STRANGERS, attack, outcomes
from fuzz_targets import Fault, Target, targets
from zkapex_jax.errors import InputError

NAMES = [name for name in targets() if name not in STRANGERS]


@pytest.mark.parametrize("name", NAMES)
def test_mutations_end_with_a_verdict(name: str) -> None:
    refused = attack(name)
    # Of a ledger's bytes most lie in pages that hold nothing.
    assert sum(refused) > (0 if name == "ledger" else len(refused) // 4)


@pytest.mark.parametrize("name", NAMES)
def test_seeds_are_valid(name: str) -> None:
    assert "accepted" in outcomes(name, 5)


def test_faults_are_seen() -> None:
    """An untyped error, a disagreement, a flood: each is reported."""

    def refuse(message: str):
        def read(data: bytes) -> None:
            error = InputError("")
            error.message = message  # it would be shortened
            raise error

        return read

    with pytest.raises(ZeroDivisionError):
        Target("x", "json", 9, {"product": lambda data: 1 // 0}).run(b"")
    with pytest.raises(Fault, match="disagree"):
        Target("x", "json", 9, {"product": refuse("no"), "reference": lambda data: None}).run(b"")
    with pytest.raises(Fault, match="characters"):
        Target("x", "json", 9, {"product": refuse("n" * 501)}).run(b"")
