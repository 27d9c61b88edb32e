"""The short form: some mutations of a target's seeds, the same in every run of `make test`."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz_mutate import havoc, mutate
from fuzz_seeds import Seeds
from fuzz_targets import targets

BATCH, QUICK = 20, 12
#: Examples of a batch each, where `QUICK` are too many: verifying a proof takes a hundred times as long as refusing a header.
EXAMPLES = {
    "answer": 1, "enrolled": 1, "renewed": 1, "proof": 1, "srs": 1, "points": 2, "ledger": 1, "ledger-rows": 3, "service": 1, "dashboard": 1,
    "config": 1, "flax": 3, "checkpoint": 3,
}  # fmt: skip
#: What the product alone reads of strangers: tested in a file of their own, for what they import takes seconds.
STRANGERS = (
    "private-key", "public-key", "receipt", "head", "call", "own-files", "answers", "service", "dashboard", "config", "shards", "checkpoint", "flax",
    "card",
)  # fmt: skip


@lru_cache
def seeds(strangers: bool) -> dict[str, list[bytes]]:
    """Target -> its seeds."""
    with tempfile.TemporaryDirectory() as folder:
        written = Seeds(Path(folder))
        written.others() if strangers else written.shared()
        return {path.name: [file.read_bytes() for file in sorted(path.iterdir())] for path in Path(folder).iterdir()}


def attack(name: str) -> list[bool]:
    """Whether each of some mutations was refused. Raises Fault, or what a reader raises that is no typed error."""
    target, given_seeds, refused = targets()[name], seeds(name in STRANGERS)[name], []

    @settings(max_examples=EXAMPLES.get(name, QUICK))
    @given(st.integers(0, 2**32))
    def batch(seed: int) -> None:
        random = Random(seed)
        for _ in range(BATCH):
            data = mutate(target.shape, random, random.choice(given_seeds), target.max, havoc(random))
            assert len(data) <= target.max
            refused.append(any(text != "accepted" for text in target.run(data).values()))

    batch()
    return refused


def outcomes(name: str, most: int) -> list[str]:
    """What the readers say of a target's first seeds."""
    return [text for data in seeds(name in STRANGERS)[name][:most] for text in targets()[name].run(data).values()]
