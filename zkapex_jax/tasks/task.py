"""A task: whose data, which classes are to be forgotten, and how the two models are trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zkapex_jax.models.examples import Examples
from zkapex_jax.tasks import digits
from zkapex_jax.tasks.shift import DomainShift
from zkapex_jax.tasks.splits import Splits, SplitSizes, interleave_classes, split
from zkapex_jax.tasks.training import Schedule


@dataclass(frozen=True)
class TaskConfig:
    """Everything that fixes a task but its seed.

    `pattern` names the target weights, `sparsity` is the share of them that is masked, `request_retain` the number
    of retained training images that the mask is chosen with (all forgotten ones are).
    """

    name: str
    title: str
    forgotten: tuple[int, ...]
    shift: DomainShift
    sizes: SplitSizes
    base: Schedule
    personal: Schedule
    pattern: str
    sparsity: float
    request_retain: int


@dataclass(frozen=True, eq=False)
class Task:
    """Data of one seed. Fields are ViT examples: `pixel_values` f32 [N, 1, 8, 8] and `labels` i32 [N].

    The provider has `base_train` (all classes), of which `request_forget` and `request_retain` are the parts that a
    deletion request is made from; `forget` and `retain` are its test images of the forgotten and of the other
    classes. The client has `personal_train` and `personal_test`, of the other classes, in its private domain;
    `personal_train` takes the classes in turn, so that its first n examples make balanced gradient rows.
    """

    config: TaskConfig
    seed: int
    base_train: Examples
    request_forget: Examples
    request_retain: Examples
    forget: Examples
    retain: Examples
    personal_train: Examples
    personal_test: Examples

    @property
    def tests(self) -> Mapping[str, Examples]:
        """The sets that accuracy is reported on."""
        return {"forget": self.forget, "retain": self.retain, "personal": self.personal_test}


def build_task(config: TaskConfig, seed: int) -> Task:
    """Split the digits and render the client's domain; a function of the configuration and the seed alone.

    Raises:
        InputError: the sizes leave a set empty.
    """
    splitting, shifting = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2))
    images, labels = digits.load()
    splits = split(labels, config.forgotten, config.sizes, splitting)
    ours = splits.personal_train[interleave_classes(labels[splits.personal_train])]
    private = {
        name: digits.examples(config.shift.apply(images[indices], shifting), labels[indices])
        for name, indices in (("personal_train", ours), ("personal_test", splits.personal_test))
    }
    public = {name: digits.examples(images[indices], labels[indices]) for name, indices in _public(config, splits, labels)}
    return Task(config, seed, **public, **private)


def _public(config: TaskConfig, splits: Splits, labels: np.ndarray) -> list[tuple[str, np.ndarray]]:
    gone = np.isin(labels[splits.base_train], config.forgotten)
    return [
        ("base_train", splits.base_train),
        ("request_forget", splits.base_train[gone]),
        ("request_retain", splits.base_train[~gone][: config.request_retain]),
        ("forget", splits.forget),
        ("retain", splits.retain),
    ]
