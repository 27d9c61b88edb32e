"""Some mutations of every format, on the readers of both Python packages: typed errors, and agreement.

`make explore` draws others; `make fuzz` draws millions, guided by coverage.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz_mutate import havoc, mutate
from fuzz_seeds import Seeds
from fuzz_targets import Fault, Target, targets
from zkapex_jax.errors import InputError

BATCH, QUICK = 20, 12
#: Examples of a batch each, where `QUICK` are too many: verifying a proof takes a hundred times as long as refusing a header.
EXAMPLES = {"answer": 1, "enrolled": 1, "renewed": 1, "proof": 1, "srs": 1, "points": 2, "ledger": 1, "ledger-rows": 3}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeds")
    Seeds(folder).write()
    return folder


@lru_cache
def files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("name", targets())
def test_mutations_end_with_a_verdict(name: str, seeds: Path) -> None:
    target, refused = targets()[name], []

    @settings(max_examples=EXAMPLES.get(name, QUICK))
    @given(st.integers(0, 2**32))
    def attack(seed: int) -> None:
        random = Random(seed)
        for _ in range(BATCH):
            data = mutate(target.shape, random, random.choice(files(seeds / name)), target.max, havoc(random))
            assert len(data) <= target.max
            refused.append(any(text != "accepted" for text in target.run(data).values()))

    attack()
    # Of a ledger's bytes most lie in pages that hold nothing.
    assert sum(refused) > (0 if name == "ledger" else len(refused) // 4)


@pytest.mark.parametrize("name", targets())
def test_seeds_are_valid(name: str, seeds: Path) -> None:
    outcomes = [targets()[name].run(data) for data in files(seeds / name)[:5]]
    assert any(text == "accepted" for outcome in outcomes for text in outcome.values())


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
