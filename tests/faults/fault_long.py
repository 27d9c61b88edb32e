"""The long form: `python tests/faults/fault_long.py`. Hundreds of trials, resumable, with a record and a table of what became of them."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent)]

import fault_table  # noqa: E402
from fault_commands import Commands  # noqa: E402
from fault_others import run_any  # noqa: E402
from fault_plan import plan  # noqa: E402
from fault_shim import build  # noqa: E402
from fault_story import tell  # noqa: E402

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "experiments" / "faults" / "record.json"
FORMAT = "zkapex.faults/1"


def main() -> int:
    """Exit code 1 if anything was wrong in any trial."""
    given = _arguments()
    given.work.mkdir(parents=True, exist_ok=True)
    passing = Path(tempfile.mkdtemp(prefix="trials-", dir=given.work))
    try:
        records = _run(given, passing)
    finally:
        shutil.rmtree(passing, ignore_errors=True)
    rows = fault_table.summary(records)
    print(fault_table.table(rows))
    wrong = [record for record in records if record["wrong"]]
    for record in wrong:
        print(f"{record['trial']}: {'; '.join(record['wrong'])}", file=sys.stderr)
    if given.record:
        document = {"format": FORMAT, "seed": given.seed, "seconds": round(sum(r["seconds"] for r in records), 1), "rows": rows}
        RECORD.parent.mkdir(parents=True, exist_ok=True)
        RECORD.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    return 1 if wrong else 0


def _run(given: argparse.Namespace, passing: Path) -> list[dict[str, Any]]:
    path = given.work / f"trials-{given.seed}.jsonl"
    known = {record["name"]: record for record in _read(path)}
    (passing / "commands").mkdir()
    with Commands(passing / "commands", passing / "cache", build(passing)) as commands, path.open("a") as log:
        story = tell(commands, passing / "story")
        trials = plan({step: scene.changes for step, scene in story.scenes.items()}, given.trials, given.seed)
        random.Random(given.seed).shuffle(trials)  # a run that is cut off has had some of each kind
        end = time.monotonic() + 60 * given.minutes
        for number, trial in enumerate(trials, start=1):
            if trial.name not in known and time.monotonic() < end:
                started = time.monotonic()
                outcome = run_any(commands, story, trial, passing / "trial")
                known[trial.name] = {"name": trial.name, **outcome.record(), "seconds": time.monotonic() - started}
                print(json.dumps(known[trial.name]), file=log, flush=True)
            if number % 25 == 0:
                print(f"{number} of {len(trials)} trials", file=sys.stderr)
    return [known[trial.name] for trial in trials if trial.name in known]


def _read(path: Path) -> list[dict[str, Any]]:
    """Records of an earlier run; the last line of a killed one may be torn."""
    records = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=600, help="about how many")
    parser.add_argument("--seed", type=int, default=0, help="which ones are drawn")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no trial after so long; the next run goes on")
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "faults", help="where trials happen and are logged")
    parser.add_argument("--record", action="store_true", help="keep the table in experiments/faults/record.json")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
