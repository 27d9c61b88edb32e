"""From zkapex's environment: make the block, run ezkl in its own, keep one record a size."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from experiments.ezkl.block import make_block, write_block
from experiments.performance import machine, records
from zkapex_jax.errors import InputError, InternalError
from zkapex_jax.formats.atomic import make_directory

Record = dict[str, Any]
HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"

#: Bytes that ezkl's prover holds for an entry of C, and of its key on the disk, as measured at B = 256 with ranges, rounded up;
#: without ranges its circuit has a quarter of the rows.
MEMORY_PER_ENTRY = {True: 90_000, False: 25_000}
DISK_PER_ENTRY = {True: 42_000, False: 12_000}

#: Up to this size a proof takes seconds: three are made.
REPEATED_UP_TO = 128


def environment(folder: Path) -> Path:
    """The interpreter of ezkl's environment in `folder`, made where it is not there."""
    python = folder / "bin" / "python"
    done = folder / "installed"
    wanted = REQUIREMENTS.read_text()
    if not done.exists() or done.read_text() != wanted:
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)])
        done.write_text(wanted)
    return python


def configuration(size: int, seed: int, *, ranges: bool) -> Record:
    """What a record's digest names."""
    return {"block": size, "seed": seed, "ranges": ranges, "requirements": REQUIREMENTS.read_text(), "inside": (HERE / "inside.py").read_text(),
            "make": (HERE / "block.py").read_text()}  # fmt: skip


def check_room(size: int, folder: Path, *, ranges: bool) -> None:
    """Refuse, before work begins, a block that this machine cannot hold.

    Raises:
        InputError: too little memory or disk.
    """
    memory, disk = MEMORY_PER_ENTRY[ranges] * size**2, DISK_PER_ENTRY[ranges] * size**2
    if memory > psutil.virtual_memory().available:
        raise InputError(f"needs about {memory / 1e9:.1f} GB of free memory", code="room", field="block", value=size)
    if disk > psutil.disk_usage(str(make_directory(folder))).free:
        raise InputError(f"needs about {disk / 1e9:.1f} GB of free disk", code="room", field="block", value=size)


def measure(size: int, seed: int, python: Path, scratch: Path, *, ranges: bool) -> Record:
    """The record of one size. Files other than the reference string are removed afterwards."""
    check_room(size, scratch, ranges=ranges)
    reference = make_directory(scratch / "srs")
    proofs = 3 if size <= REPEATED_UP_TO else 1
    with tempfile.TemporaryDirectory(prefix=f"block-{size}-", dir=scratch) as folder:
        block = Path(folder) / "block.npz"
        write_block(block, make_block(size, seed))
        with machine.Meter() as meter:
            text = _run([str(python), str(HERE / "inside.py"), str(block), folder, str(reference), str(proofs), "ranges" if ranges else "none"])
    found = json.loads(text)
    prove, verify = (_median(found["stages"][name]) for name in ("prove", "verify"))
    return {
        "digest": records.digest(configuration(size, seed, ranges=ranges)), "block": size, "ranges": ranges, "seed": seed, "machine": machine.facts(),
        "meter": meter.to_json(), "proofs": proofs,
        "prove_us_per_weight": 1e6 * prove["seconds"] / size, "prove_cpu_us_per_weight": 1e6 * prove["cpu_seconds"] / size,
        "verify_us_per_weight": 1e6 * verify["seconds"] / size, "bytes_per_weight": found["proof_bytes"] / size, **found,
    }  # fmt: skip


def _median(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: median(run[name] for run in runs) for name in ("seconds", "cpu_seconds")}


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise InternalError(f"{Path(command[1]).name} failed: {lines[-1] if lines else 'without a word'}", code="ezkl", value=done.returncode)
    return done.stdout
