"""`python -m experiments.images --data FOLDER --personal FOLDER --checkpoint FOLDER --forget CLASS ...`

The folders hold images in the ImageFolder layout: the data that the checkpoint was trained on (ImageNet) and a client's private
domain (ImageNet-Sketch). The provider's model is the checkpoint as it comes, and nothing is retrained. It may have been trained on
any image of --data: forget and retain accuracy are of images that masks were not made from, and membership is not measured.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

from experiments.images.config import Counts, ImagesConfig
from experiments.images.task import task_of
from experiments.lab import runner
from experiments.lab.command import run_study
from experiments.lab.side_by_side import method_units
from experiments.lab.unlearning.methods import METHODS
from zkapex_jax.tasks.training import Schedule

NAME = "images"

#: A checkpoint cannot be retrained without what it is to forget.
COMPARED = tuple(name for name in METHODS if name != "retrain")


def units_of(config: ImagesConfig) -> list[runner.Unit]:
    """One unit a seed. The first task is built now, so that what is wrong with the folders is said before any work."""
    task_of(config, config.seeds[0])
    return method_units(NAME, NAME, partial(task_of, config), config.seeds, config.masks, COMPARED, relearning=None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the command."""
    options = _parser().parse_args(arguments)
    return run_study(NAME, partial(_chosen, options), units_of, options.results)


def _parser() -> argparse.ArgumentParser:
    default = ImagesConfig(forget=("one",))
    parser = argparse.ArgumentParser(prog=f"python -m experiments.{NAME}", description=__doc__)
    parser.add_argument("--data", required=True, metavar="FOLDER", help="images that the checkpoint was trained on, a folder a class")
    parser.add_argument("--personal", required=True, metavar="FOLDER", help="the client's images, folders named as those of --data")
    parser.add_argument("--checkpoint", required=True, metavar="FOLDER", help="ViT: config.json and model.safetensors or flax_model.msgpack")
    parser.add_argument("--forget", required=True, nargs="+", metavar="CLASS", help="names of the classes to forget")
    parser.add_argument("--classes", type=int, default=default.classes, help="retained classes that are measured")
    for field in fields(Counts):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=int, default=getattr(default.counts, field.name), metavar="N",
                            help=f"images of each class: {field.name.replace('_', ' ')}")  # fmt: skip
    parser.add_argument("--epochs", type=int, default=default.tuning.epochs, help="of the client's tuning")
    parser.add_argument("--batch", type=int, default=default.tuning.batch, help="of the client's tuning")
    parser.add_argument("--learning-rate", type=float, default=default.tuning.learning_rate, help="of the client's tuning")
    for field in ("pattern", "preset"):
        parser.add_argument(f"--{field}", default=getattr(default, field), help=f"{field} of the statement")
    parser.add_argument("--sparsity", type=float, default=default.sparsity, help="share of the target weights that is masked")
    parser.add_argument("--masks", nargs="+", default=list(default.masks), help="masks that are compared")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(default.seeds), metavar="SEED", help="at least two")
    parser.add_argument("--results", type=Path, default=Path("runs") / "experiments" / NAME, help="folder of the records and of results.csv")
    return parser


def _chosen(options: argparse.Namespace) -> ImagesConfig:
    counts = Counts(**{field.name: getattr(options, field.name) for field in fields(Counts)})
    names = {field.name for field in fields(ImagesConfig)} - {"counts", "tuning"}
    values = {name: value for name, value in vars(options).items() if name in names}
    values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return replace(ImagesConfig(**values), counts=counts, tuning=Schedule(options.epochs, options.batch, options.learning_rate))


if __name__ == "__main__":
    raise SystemExit(main())
