"""Choose what the repository keeps of a long run: for each target the smallest input of each way to be refused.

`python tests/fuzz/fuzz_keep.py [TARGET ...]` reads runs/fuzz/corpus and what is kept already, and writes prover/fuzz/corpus/<target>/<name>,
named by verdict and content. At most `BUDGET` bytes a target, the shortest first; one that is accepted is always among them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from fuzz_long import KEPT, RUN, SEEDS, command, python_targets, rust_targets

BUDGET = 20_000
#: Of what Python alone reads; a whole ledger is larger than all of it.
PYTHON_BUDGET, TOO_LARGE = 5_000, {"ledger"}
#: Inputs looked at for each target, and in one process; fields kept with one message.
MOST, BATCH, FIELDS = 6000, 500, 3
_SPECIFIC = re.compile(r'`[^`]*`|"[^"]*"|[0-9a-f]{8,}|\d+')


def candidates(target: str, folder: Path) -> list[Path]:
    """Copies in `folder`, shortest first: a run that goes on meanwhile takes files away."""
    sources = [KEPT / target, SEEDS / target, RUN / "corpus" / "rust" / target, RUN / "corpus" / "python" / target]
    for source in sources:
        for path in source.iterdir() if source.is_dir() else ():
            try:
                shutil.copyfile(path, folder / hashlib.sha256(path.name.encode()).hexdigest())
            except FileNotFoundError:
                continue
    return sorted(folder.iterdir(), key=lambda path: (path.stat().st_size, path.name))[:MOST]


def outcomes(side: str, target: str, paths: list[Path]) -> list[tuple[str, str, str]]:
    """(verdict, field, message) of each file by the readers of a side, in order; of the message what is not this file's own."""
    program, environment = command(side, target)
    environment = os.environ | environment | {"ZKAPEX_FUZZ_OUTCOMES": "1"}
    found = []
    for at in range(0, len(paths), BATCH):
        batch = [str(path) for path in paths[at : at + BATCH]]
        done = subprocess.run([*program, *batch, "-timeout=10"], env=environment, capture_output=True, text=True)
        lines = done.stdout.splitlines()
        if done.returncode or len(lines) != len(batch):
            raise SystemExit(f"{target}: {len(lines)} outcomes of {len(batch)} files: {done.stderr[-500:]}")
        for line in lines:
            verdict, _, rest = line.partition(" ") if side == "rust" else line.partition(": ")
            verdict = verdict.removesuffix("Error").lower()
            field, _, message = rest.strip('"').partition(": ")
            found.append((verdict, field, _SPECIFIC.sub("", message.replace('\\"', '"'))))
    return found


def choose(side: str, target: str, budget: int) -> dict[str, bytes]:
    """Name -> content."""
    with tempfile.TemporaryDirectory() as folder:
        paths = candidates(target, Path(folder))
        kept, left, seen, fields = {}, budget, set(), Counter()
        for (verdict, field, message), path in sorted(zip(outcomes(side, target, paths), paths, strict=True), key=lambda item: item[0][0] != "accepted"):
            data, key = path.read_bytes(), (verdict, field, message)
            if key in seen or fields[message] == FIELDS or (verdict != "accepted" and len(data) > left):
                continue
            kept[f"{verdict}-{hashlib.sha256(data).hexdigest()[:12]}"] = data
            left -= len(data)
            seen.add(key)
            fields[message] += 1
        return kept


def main() -> None:
    """All targets, or those that are named."""
    todo = {target: ("rust", BUDGET) for target in rust_targets()}
    todo |= {target: ("python", PYTHON_BUDGET) for target in python_targets() if target not in todo.keys() | TOO_LARGE}
    for target in sys.argv[1:] or todo:
        wanted = choose(target=target, side=todo[target][0], budget=todo[target][1])
        folder = KEPT / target
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if path.name not in wanted:
                path.unlink()
        for name, data in wanted.items():
            (folder / name).write_bytes(data)
        print(f"{target:16}{len(wanted):4} files {sum(map(len, wanted.values())):8,} bytes", flush=True)


if __name__ == "__main__":
    main()
