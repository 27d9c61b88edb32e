"""A study of a pretrained OPT: what was chosen for a network of 0.14 M parameters, trained from scratch, does not fit one of 125 M.

Rates are those of fine-tuning; of the weights one kernel is the target (of OPT-125M 2.4 M weights: 64 gradient rows of them take
0.6 GB, 208 rows of all kernels 47 GB), in the chunks that are served. Whoever has the machine names more.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TypeVar

from experiments.code.config import SERVED, CodeConfig
from experiments.lab.frontier import Frontier
from experiments.lab.row_choice import EXAMPLES, Rows
from zkapex_jax.errors import InputError
from zkapex_jax.tasks.training import Schedule

#: The first feed-forward kernel of the last of OPT-125M's twelve blocks.
PATTERN = "model/decoder/layers/11/fc1/kernel"

LEARNING_RATE, EPOCHS, BATCH, SPARSITY = 2e-5, 1, 8, 0.1

_MOST = 2**20

_T = TypeVar("_T")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What a study of a checkpoint lets choose; without a checkpoint these are refused."""
    parser.add_argument("--pattern", help=f"with --checkpoint: target weights (default {PATTERN})")
    parser.add_argument("--preset", help=f"with --checkpoint: sizes of the statement (default {SERVED})")
    parser.add_argument("--sparsity", type=float, help=f"with --checkpoint: share of the target weights that is masked (default {SPARSITY})")
    parser.add_argument("--learning-rate", type=float, help=f"with --checkpoint: of all training (default {LEARNING_RATE})")
    parser.add_argument("--epochs", type=int, help=f"with --checkpoint: of all training (default {EPOCHS})")
    parser.add_argument("--batch", type=int, help=f"with --checkpoint: of all training (default {BATCH})")


def given(options: argparse.Namespace) -> list[str]:
    """The options of `add_options` that were given, as they are written."""
    names = ("pattern", "preset", "sparsity", "learning_rate", "epochs", "batch")
    return [f"--{name.replace('_', '-')}" for name in names if getattr(options, name, None) is not None]


def pretrained(config: CodeConfig, options: argparse.Namespace) -> CodeConfig:
    """The study at sizes and rates that a pretrained network takes; no frontier, whose choices are those of the small one.

    Raises:
        InputError: a number is out of range.
    """
    rate, sparsity = _either(options.learning_rate, LEARNING_RATE), _either(options.sparsity, SPARSITY)
    epochs, batch = _either(options.epochs, EPOCHS), _either(options.batch, BATCH)
    for field, share in (("--learning-rate", rate), ("--sparsity", sparsity)):
        if not 0.0 < share < 1.0:
            raise InputError("must lie between 0 and 1", code="study", field=field, value=share)
    for field, number in (("--epochs", epochs), ("--batch", batch)):
        if not 1 <= number <= _MOST:
            raise InputError(f"must be from 1 to {_MOST}", code="study", field=field, value=number)
    schedule, pattern, preset = Schedule(epochs, batch, rate), _either(options.pattern, PATTERN), _either(options.preset, SERVED)
    settings = tuple(replace(task, base=schedule, personal=schedule, rows=Rows(EXAMPLES), pattern=pattern, preset=preset, sparsity=sparsity)
                     for task in config.settings)  # fmt: skip
    return replace(config, settings=settings, relearning=replace(config.relearning, rate=rate), frontier=Frontier((), ()))


def _either(value: _T | None, default: _T) -> _T:
    return default if value is None else value
