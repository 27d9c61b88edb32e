"""Disjoint splits of the data: no image is in two of them, in any domain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zkapex_jax.errors import InputError


@dataclass(frozen=True)
class SplitSizes:
    """Images of the provider's training set, of its retain test set, and of the client's private training set.

    The client's test set gets the rest.
    """

    base_train: int
    retain_test: int
    personal_train: int


@dataclass(frozen=True)
class Splits:
    """Indices into the data set, each set disjoint from all others.

    `base_train` holds every class. Of the other images, those of forgotten classes are `forget`; the remaining ones
    are shared out to `retain`, `personal_train` and `personal_test`.
    """

    base_train: np.ndarray
    forget: np.ndarray
    retain: np.ndarray
    personal_train: np.ndarray
    personal_test: np.ndarray


def split(labels: np.ndarray, forgotten: tuple[int, ...], sizes: SplitSizes, rng: np.random.Generator) -> Splits:
    """Shuffle all images of `labels` [N] and share them out.

    Raises:
        InputError: the sizes leave a set empty.
    """
    order = rng.permutation(len(labels))
    train, held_out = np.split(order, [sizes.base_train])
    gone = np.isin(labels[held_out], forgotten)
    retain, ours, theirs = np.split(held_out[~gone], np.cumsum([sizes.retain_test, sizes.personal_train]))
    splits = Splits(train, held_out[gone], retain, ours, theirs)
    for name, indices in vars(splits).items():
        if len(indices) == 0:
            raise InputError("the split sizes leave no image for it", code="split", field=name)
    return splits


def interleave_classes(labels: np.ndarray) -> np.ndarray:
    """An order [N] that takes one example of each class in turn, so that any first n are as balanced as they can be.

    Ties go by place; gradient rows of the first n examples then speak of every class.
    """
    turn = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        turn[members] = np.arange(len(members))
    return np.lexsort((labels, turn))
