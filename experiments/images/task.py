"""The task of one seed, from folders and a checkpoint: the provider's model is the checkpoint as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from experiments.images.config import ImagesConfig
from experiments.lab.data.image_folder import ImageFolder, load, scan
from experiments.lab.task import Params, Task, count, tune_all
from zkapex_jax.errors import InputError
from zkapex_jax.models import load_checkpoint
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.examples import Examples


@dataclass(frozen=True, eq=False)
class CheckpointTask(Task):
    """A task whose provider trained elsewhere. Nobody here can retrain that model without what it is to forget."""

    @property
    def holds_out(self) -> bool:
        """No: the checkpoint was trained on images of the same folder, on those that are tested among them."""
        return False

    def train_base(self, examples: Examples) -> Params:
        """The checkpoint's parameters, for the provider's whole set.

        Raises:
            InputError: for a part of it.
        """
        if count(examples) != count(self.base_train):
            raise InputError("a checkpoint cannot be retrained on part of its data", code="task", field="retrain", value=self.name,
                             hint="leave out the methods that retrain")  # fmt: skip
        return self.fresh(self.seed)


@dataclass(frozen=True)
class _Part:
    """Which images of a folder: classes by name with their labels, and which files of each."""

    classes: Sequence[str]
    labels: np.ndarray
    skip: int
    count: int


def task_of(config: ImagesConfig, seed: int) -> Task:
    """A function of the configuration, the folders' contents and the seed, which chooses the images.

    Raises:
        InputError: the checkpoint is no ViT or tells another number of classes apart; a class is missing or has too few images;
            an image cannot be read. StorageError: a folder or file is missing.
    """
    model, params = checkpoint(config.checkpoint)
    ours, theirs = scan(config.data), scan(config.personal)
    _check_classes(model, ours, config)
    kept = retained(config, ours, theirs)
    base, private = (_shuffled(folder, seed) for folder in (ours, theirs))
    shape, counts = (model.network.config.image_size, model.network.config.num_channels), config.counts

    def images(folder: ImageFolder, names: Sequence[str], skip: int, number: int) -> Examples:
        part = _Part(names, ours.labels_of(names), skip, number)
        return _load(folder, part, *shape)

    forget, retain = (images(base, names, 0, counts.base_train) for names in (config.forget, kept))
    personal = images(private, kept, 0, counts.personal_train)
    tests = {
        "forget": images(base, config.forget, counts.base_train, counts.base_test),
        "retain": images(base, kept, counts.base_train, counts.base_test),
        "personal": images(private, kept, counts.personal_train, counts.personal_test),
    }
    return CheckpointTask(
        name="images", seed=seed, kind="vision", model=model, fresh=lambda _: params, base=config.tuning, personal=config.tuning,
        base_forget=forget, base_retain=retain, personal_train=personal, tests=tests, request_forget=forget, request_retain=retain,
        pattern=config.pattern, sparsity=config.sparsity, preset=config.preset,
        personalise=tune_all(model, personal, config.tuning, seed),
    )  # fmt: skip


@cache
def checkpoint(folder: str) -> tuple[Model, Params]:
    """The checkpoint of a folder, read once.

    Raises:
        InputError: it is not a ViT with a classification head; or as `load_checkpoint`.
    """
    model, params = load_checkpoint(folder)
    if model.architecture != "vit":
        raise InputError("must be a checkpoint of a ViT classifier", code="architecture", file=folder, field="model_type",
                         value=model.architecture, hint="for example google/vit-base-patch16-224, saved to a folder")  # fmt: skip
    return model, params


def retained(config: ImagesConfig, ours: ImageFolder, theirs: ImageFolder) -> tuple[str, ...]:
    """The first `classes` classes by name that both folders have and that are not forgotten.

    Raises:
        InputError: a class to forget is not in the provider's folder, or too few classes are common.
    """
    ours.labels_of(config.forget)
    common = [name for name in ours.classes if name in set(theirs.classes) and name not in config.forget]
    if len(common) < config.classes:
        raise InputError(f"must share {config.classes} classes with {ours.root} that are not forgotten", code="image_folder",
                         file=theirs.root, value=len(common), hint="choose fewer with --classes")  # fmt: skip
    return tuple(common[: config.classes])


def _check_classes(model: Model, folder: ImageFolder, config: ImagesConfig) -> None:
    if model.network.config.num_labels != len(folder.classes):
        raise InputError(f"the checkpoint tells {model.network.config.num_labels} classes apart, the folder of images has another number",
                         code="classes", file=folder.root, value=len(folder.classes),
                         hint=f"labels are the places of its classes by name; see {config.checkpoint}/config.json")  # fmt: skip


def _shuffled(folder: ImageFolder, seed: int) -> ImageFolder:
    """The same folder with each class's files in an order of that seed."""
    streams = np.random.SeedSequence(seed).spawn(len(folder.classes))
    return replace(folder, files=tuple(tuple(files[place] for place in np.random.default_rng(stream).permutation(len(files)))
                                       for files, stream in zip(folder.files, streams, strict=True)))  # fmt: skip


def _load(folder: ImageFolder, part: _Part, size: int, channels: int) -> Examples:
    return load(folder, folder.labels_of(part.classes).tolist(), size, channels, skip=part.skip, count=part.count,
                labels=part.labels.tolist())  # fmt: skip
