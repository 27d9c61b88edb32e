"""`python -m experiments.code`: forget a programming language, keep a client's own project.

With `--data FOLDER` (a folder of files a language) and `--personal FOLDER` (the client's files) the same study runs on
texts of your own, with `--checkpoint FOLDER` on a pretrained OPT such as OPT-125M; `--forget` names the language. A checkpoint is tuned
gently and one of its kernels is the target; `--pattern`, `--preset`, `--sparsity`, `--learning-rate`, `--epochs` and `--batch` choose otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from experiments.code.config import FULL, QUICK, CodeConfig
from experiments.code.corpus import Corpus
from experiments.code.data_rows import data_rows
from experiments.lab.frontier import frontier_rows, proof_rows
from experiments.code.origin import Origin
from experiments.code.pretrained import add_options, given, pretrained
from experiments.code.settings import TaskConfig
from experiments.code.task import build_task
from experiments.lab.command import ROOT, command
from experiments.lab.records import Row
from experiments.lab.runner import Unit
from experiments.lab.side_by_side import method_units
from experiments.lab.task import Task
from zkapex_jax.errors import InputError, ZkapexError

NAME = "code"
OWN_RESULTS = ROOT / "runs" / "experiments-own" / NAME


def units_of(config: CodeConfig) -> list[Unit]:
    """What the data is, all methods side by side, and the frontier: three units for each task and seed; what proofs cost: one a task."""
    units = []
    for setting in config.chosen:
        build = lru_cache(maxsize=1)(partial(task_of, config, setting))
        for seed in config.seeds:
            units.append(Unit(f"data-{setting.name}-{seed}", seed, partial(_data, config, setting, seed)))
            units += method_units(NAME, setting.name, build, (seed,), config.masks, relearning=config.relearning, kind="language")
            if config.frontier.choices or config.frontier.damping:
                units.append(Unit(f"frontier-{setting.name}-{seed}", seed, partial(_frontier, config, build, seed)))
        first = config.seeds[0]
        if config.frontier.choices:
            units.append(Unit(f"proofs-{setting.name}-{first}", first, partial(_proofs, config, build, first)))
    return units


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the command."""
    options, rest = _own_options().parse_known_args(arguments)
    try:
        full, quick = (with_origin(config, options) for config in (FULL, QUICK))
    except ZkapexError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if full is not FULL and not {"--results", "--out"} & {argument.partition("=")[0] for argument in rest}:
        rest += ["--results", str(OWN_RESULTS)]
    return command(NAME, full, quick, units_of, __doc__)(rest)


def with_origin(config: CodeConfig, options: argparse.Namespace) -> CodeConfig:
    """The study with the texts, the model and the language to forget that were asked for; itself where none was.

    Raises:
        InputError: one of `--data` and `--personal` is given without the other, or what fits a checkpoint without one.
    """
    if options.checkpoint is None and (stray := given(options)):
        raise InputError("belongs to --checkpoint", code="study", field=stray[0])
    if not any((options.data, options.personal, options.checkpoint, options.forget)):
        return config
    config = config if options.checkpoint is None else pretrained(config, options)
    settings = tuple(replace(task, forget=(options.forget,) if options.forget else task.forget) for task in config.settings)
    return replace(config, settings=settings, origin=Origin(options.data, options.personal, options.checkpoint))


def task_of(config: CodeConfig, setting: TaskConfig, seed: int) -> Task:
    """The task of a seed."""
    return build_task(setting, _corpus(config, setting), config.language(), seed)


def _data(config: CodeConfig, setting: TaskConfig, seed: int) -> list[Row]:
    return data_rows(NAME, setting, _corpus(config, setting), seed)


def _frontier(config: CodeConfig, build: Callable[[int], Task], seed: int) -> list[Row]:
    return frontier_rows(NAME, build(seed), config.frontier)


def _proofs(config: CodeConfig, build: Callable[[int], Task], seed: int) -> list[Row]:
    return proof_rows(NAME, build(seed), config.frontier)


def _corpus(config: CodeConfig, setting: TaskConfig) -> Corpus:
    return config.origin.corpus(setting.sizes.language_bytes, setting.sizes.private_bytes)


def _own_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{NAME}", add_help=False, allow_abbrev=False)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="a folder of source files a language")
    parser.add_argument("--personal", type=Path, metavar="FOLDER", help="the client's source files")
    parser.add_argument("--checkpoint", type=Path, metavar="FOLDER", help="a pretrained OPT: configuration, weights, tokenizer")
    parser.add_argument("--forget", metavar="LANGUAGE", help="the language to forget")
    add_options(parser)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
