"""The task of one seed: images, and the network that reads them."""

from __future__ import annotations

from functools import cache

import numpy as np

from experiments.glyphs.config import ALPHABET, NETWORK, GlyphsConfig, found
from experiments.glyphs.data import Glyphs, build
from experiments.lab.task import Params, Task, tune_all
from zkapex_jax.models import fresh_model
from zkapex_jax.models.adapter import Model


@cache
def classifier() -> Model:
    """The network without parameters, one object for all seeds."""
    return fresh_model(NETWORK, 0)[0]


def glyphs_of(config: GlyphsConfig, seed: int) -> dict[str, Glyphs]:
    """The four sets of a seed."""
    domains = (config.printed, config.sketched)
    return build(found(config.most_fonts), ALPHABET, config.forgotten, config.shares, domains, seed)


def task_of(config: GlyphsConfig, seed: int) -> Task:
    """A function of the configuration, the seed and the fonts found."""
    sets, model = glyphs_of(config, seed), classifier()
    train, test, private = sets["base_train"], sets["base_test"], sets["personal_train"]
    forget, retain = (train.of(part) for part in _parts(train, config.forgotten))
    tests = dict(zip(("forget", "retain"), (test.of(part) for part in _parts(test, config.forgotten)), strict=True))
    tests["personal"] = sets["personal_test"].of(slice(None))
    personal_train = private.of(slice(None))
    return Task(
        name="glyphs",
        seed=seed,
        kind="vision",
        model=model,
        fresh=_fresh,
        base=config.base,
        personal=config.personal,
        base_forget=forget,
        base_retain=retain,
        personal_train=personal_train,
        tests=tests,
        request_forget=forget,
        request_retain={field: array[: config.request_retain] for field, array in retain.items()},
        pattern=config.pattern,
        sparsity=config.sparsity,
        preset=config.preset,
        rows=config.rows,
        personalise=tune_all(model, personal_train, config.personal, seed),
    )


def _fresh(seed: int) -> Params:
    return fresh_model(NETWORK, seed)[1]


def _parts(glyphs: Glyphs, forgotten: str) -> tuple[np.ndarray, np.ndarray]:
    """Places of the images of forgotten characters, and of the others, each in order."""
    gone = np.isin(glyphs.labels, [ALPHABET.index(character) for character in forgotten])
    return np.flatnonzero(gone), np.flatnonzero(~gone)
