"""`python -m experiments.demo_seeds`: run what is missing, then write the table and the summary."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from experiments.demo_seeds import records, summary
from experiments.demo_seeds.config import StudyConfig
from zkapex_jax.errors import ZkapexError
from zkapex_jax.formats.atomic import write_text

RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command."""
    options = _options(arguments)
    try:
        run(StudyConfig(tuple(options.tasks), tuple(options.seeds)), options.out)
    except ZkapexError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def run(config: StudyConfig, folder: Path) -> None:
    """Every run of the configuration that has no record yet, one after the other; then `results.csv`, `summary.md`."""
    done = []
    for task, seed in config.runs:
        record = records.load(folder, config, task, seed)
        if record is None:
            from experiments.demo_seeds.measure import measure  # the networks load only when there is something to run

            print(f"{task}, seed {seed} ...", file=sys.stderr, flush=True)
            record = measure(config, task, seed)
            records.save(folder, record)
        done.append(record)
    records.write_csv(folder / "results.csv", done)
    write_text(folder / "summary.md", summary.summarise(done), force=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m experiments.demo_seeds", description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=list(StudyConfig.tasks), help="tasks to measure")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(StudyConfig.seeds), help="seeds to measure")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
