"""One target of the Python side under atheris: `python tests/fuzz/fuzz_python.py TARGET CORPUS... [libFuzzer's options]`."""

from __future__ import annotations

import os
import sys
from random import Random

import atheris

#: Packages whose coverage leads.
LEADING = (
    "reference_prover", "zkapex_jax.formats", "zkapex_jax.protocol", "zkapex_jax.circuit", "zkapex_jax.ledger", "zkapex_jax.models.card",
    "zkapex_jax.models.configs", "zkapex_jax.models.weight_files", "zkapex_jax.models.weights", "zkapex_jax.client", "zkapex_jax.service",
)  # fmt: skip

with atheris.instrument_imports(include=LEADING):
    import fuzz_targets

    TARGET = fuzz_targets.targets()[sys.argv.pop(1)]
    TARGET.run(b"")  # what a reader imports on its first input counts too

from fuzz_mutate import mutate  # noqa: E402


def main() -> None:
    def run(data: bytes) -> None:
        outcomes = TARGET.run(data)
        if "ZKAPEX_FUZZ_OUTCOMES" in os.environ:
            print(" | ".join(outcomes.values()), flush=True)

    def change(data: bytes, longest: int) -> bytes:
        return atheris.Mutate(data[:longest], max(1, longest))

    def custom(data: bytes, longest: int, seed: int) -> bytes:
        return mutate(TARGET.shape, Random(seed), data, longest, change)[:longest]

    atheris.Setup(sys.argv, run, custom_mutator=custom)
    atheris.Fuzz()


main()
