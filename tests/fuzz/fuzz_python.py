"""One target of the Python side under atheris: `python tests/fuzz/fuzz_python.py TARGET CORPUS... [libFuzzer's options]`."""

from __future__ import annotations

import os
import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["reference_prover", "zkapex_jax.formats", "zkapex_jax.protocol", "zkapex_jax.circuit", "zkapex_jax.ledger"]):
    import fuzz_targets

    TARGETS = fuzz_targets.targets()

from fuzz_mutate import mutate  # noqa: E402


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]

    def run(data: bytes) -> None:
        outcomes = target.run(data)
        if "ZKAPEX_FUZZ_OUTCOMES" in os.environ:
            print(" | ".join(outcomes.values()), flush=True)

    def change(data: bytes, longest: int) -> bytes:
        return atheris.Mutate(data[:longest], max(1, longest))

    def custom(data: bytes, longest: int, seed: int) -> bytes:
        return mutate(target.shape, Random(seed), data, longest, change)[:longest]

    atheris.Setup(sys.argv, run, custom_mutator=custom)
    atheris.Fuzz()


main()
