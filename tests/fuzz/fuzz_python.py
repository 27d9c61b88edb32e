"""One target of the Python side under atheris: `python tests/fuzz/fuzz_python.py TARGET CORPUS... [libFuzzer's options]`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

SCRATCH = "ZKAPEX_FUZZ_SCRATCH"
if SCRATCH not in os.environ:  # libFuzzer ends a process without a word to Python: another one removes what it leaves
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory if (memory := Path("/dev/shm")).is_dir() else None) as scratch:
        sys.exit(subprocess.run([sys.executable, *sys.argv], env=os.environ | {SCRATCH: scratch}).returncode)
tempfile.tempdir = os.environ[SCRATCH]

import atheris  # noqa: E402

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
