"""A task of a study: whose data, what is to be forgotten, and how the two models are trained.

One type for vision and language. Whatever renders the data (digits, glyphs, source code, a folder of images) builds
this; whatever unlearns or measures takes it, and knows nothing of where it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.lab.row_choice import Rows
from experiments.lab.sizes import preset_of
from zkapex_jax.errors import InputError
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.examples import Examples
from zkapex_jax.tasks.training import Schedule, train

Params = dict[str, Any]

KINDS = ("vision", "language")
#: Every task is measured on at least these held-out sets.
SETS = ("forget", "retain", "personal")

_EXAMPLES = ("base_forget", "base_retain", "personal_train", "request_forget", "request_retain")


@dataclass(frozen=True, eq=False)
class Task:
    """Everything of one seed.

    `model` is one object for all seeds, so that what is compiled for it is compiled once; `fresh` gives the initial
    parameters of a seed. The provider trains on `base_forget` and `base_retain`, together; the client on `personal_train`,
    private and without anything of what is forgotten, whose examples make the gradient rows as `rows` says. Masks and forget rows
    are computed from `request_forget` and `request_retain`, parts of the provider's sets. `tests` are held out.
    `pattern` names the target weights, `sparsity` is the share of them that is masked, `preset` the statement's sizes.

    Raises:
        InputError: a set is empty, a test set is missing, or the kind or preset is unknown.
    """

    name: str
    seed: int
    kind: str
    model: Model
    fresh: Callable[[int], Params]
    base: Schedule
    personal: Schedule
    base_forget: Examples
    base_retain: Examples
    personal_train: Examples
    tests: Mapping[str, Examples]
    request_forget: Examples
    request_retain: Examples
    pattern: str
    sparsity: float
    preset: str
    personalise: Callable[[Params], Params]
    rows: Rows = Rows()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"must be one of {', '.join(KINDS)}", code="task", field="kind", value=self.kind)
        if missing := [name for name in SETS if name not in self.tests]:
            raise InputError("the task lacks a held-out set", code="task", field="tests", value=missing)
        preset_of(self.preset)
        named = {name: getattr(self, name) for name in _EXAMPLES} | {f"tests.{name}": part for name, part in self.tests.items()}
        for name, examples in named.items():
            if not count(examples):
                raise InputError("holds no example", code="task", field=name)

    @property
    def base_train(self) -> Examples:
        """The provider's whole training set: what is to be forgotten, then the rest."""
        return join(self.base_forget, self.base_retain)

    @property
    def holds_out(self) -> bool:
        """Whether the provider never trained on `tests["forget"]`: only then does telling it from `base_forget` infer membership."""
        return True

    def train_base(self, examples: Examples) -> Params:
        """Parameters trained from this seed's fresh ones, on the provider's set or on a part of it."""
        return train(self.model, self.fresh(self.seed), examples, self.base, self.seed)[0]


def tune_all(model: Model, examples: Examples, schedule: Schedule, seed: int) -> Callable[[Params], Params]:
    """`personalise` of a task whose client tunes every weight."""
    return lambda params: train(model, params, examples, schedule, seed)[0]


def count(examples: Examples) -> int:
    """Number of examples; all fields have it.

    Raises:
        InputError: the fields differ in length.
    """
    counts = {len(array) for array in examples.values()}
    if len(counts) > 1:
        raise InputError("fields must hold the same number of examples", code="examples", value=sorted(counts))
    return counts.pop() if counts else 0


def take(examples: Examples, indices: np.ndarray | slice) -> Examples:
    """The chosen examples, in that order."""
    return {field: array[indices] for field, array in examples.items()}


def join(*parts: Examples) -> Examples:
    """All examples of all parts, in order.

    Raises:
        InputError: the parts have different fields.
    """
    if len({frozenset(part) for part in parts}) != 1:
        raise InputError("parts must have the same fields", code="examples", value=[sorted(part) for part in parts])
    return {field: np.concatenate([part[field] for part in parts]) for field in parts[0]}
