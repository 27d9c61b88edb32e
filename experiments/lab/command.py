"""The command of a study: `python -m experiments.<name> [--quick] [--seeds ...] [--results FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from experiments.lab import runner
from experiments.lab.config import Config, digest_of
from experiments.lab.program import program
from experiments.lab.progress import shown_progress
from experiments.lab.records import Record
from zkapex_jax.errors import InputError, ZkapexError

_Study = TypeVar("_Study", bound=Config)

ROOT = Path(__file__).parents[2]
_INTERRUPTED = 130


def command(name: str, full: _Study, quick: _Study, units_of: Callable[[_Study], list[runner.Unit]],
            description: str | None = None) -> Callable[[Sequence[str] | None], int]:  # fmt: skip
    """`main(arguments) -> exit code` of a study.

    The full study writes to `experiments/<name>/results`, the quick one to `runs/experiments-quick/<name>`. A
    configuration with a field `tasks` gets an option `--tasks`; the configuration itself refuses unknown ones.
    """

    def main(arguments: Sequence[str] | None = None) -> int:
        options = _parser(name, full, description).parse_args(arguments)
        results = options.results or default_results(name, quick=options.quick)
        return run_study(name, lambda: _chosen(quick if options.quick else full, options), units_of, results)

    return main


def run_study(name: str, chosen: Callable[[], _Study], units_of: Callable[[_Study], list[runner.Unit]], results: Path) -> int:
    """Measure what has no record yet under this configuration; errors become one line. Returns the exit code."""
    try:
        config = chosen()
        units = units_of(config)
        with shown_progress(name) as on_progress:
            found = runner.run(name, digest_of_run(config, units), units, results, on_progress=on_progress, program=program(name))
        tell_older(found, program(name), results)
    except ZkapexError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted; the units done are kept, and the same command goes on there", file=sys.stderr)
        return _INTERRUPTED
    return 0


def tell_older(found: Sequence[Record], present: str, results: Path) -> None:
    """One line on stderr where records of this configuration were made by another program than the present one."""
    if older := [record.unit for record in found if record.program != present]:
        print(f"note: {len(older)} of {len(found)} records were made by another version of the program, {older[0]} among them; "
              f"what it would measure today may differ. Remove them to measure again: {results / 'records'}", file=sys.stderr)  # fmt: skip


def digest_of_run(config: Config, units: Sequence[runner.Unit]) -> str:
    """The configuration's digest; with the constants that units bring of their own, where they do."""
    constants = sorted({unit.constants for unit in units if unit.constants})
    return digest_of({"study": config.digest(), "constants": constants}) if constants else config.digest()


def default_results(name: str, *, quick: bool) -> Path:
    """Where a study's records and table lie."""
    return ROOT / "runs" / "experiments-quick" / name if quick else ROOT / "experiments" / name / "results"


def _parser(name: str, full: Config, description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{name}", description=description)
    parser.add_argument("--quick", action="store_true", help="a small study in minutes, to see that all works; its numbers mean little")
    parser.add_argument("--seeds", nargs="+", metavar="SEED", help="seeds to measure, at least two")
    if hasattr(full, "tasks"):
        parser.add_argument("--tasks", nargs="+", metavar="TASK", help=f"tasks to measure, of {', '.join(full.tasks)}")
    parser.add_argument("--results", "--out", type=Path, metavar="FOLDER", help="folder of the records and of results.csv")
    return parser


def _chosen(config: _Study, options: argparse.Namespace) -> _Study:
    if options.seeds is not None:
        config = replace(config, seeds=tuple(_seed(text) for text in options.seeds))
    if getattr(options, "tasks", None) is not None:
        config = replace(config, tasks=tuple(options.tasks))
    return config


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise InputError("must be a non-negative integer", code="study", field="seeds", value=text)
    return int(text)
