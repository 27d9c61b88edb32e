"""From a corpus to a task of a seed: split the files, train the tokenizer, cut windows, hold out tests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from experiments.code.settings import TaskConfig
from experiments.code.corpus import Corpus
from experiments.code.lora import tune_lora
from experiments.code.network import Network, fresh_params, tiny_model
from experiments.code.splits import Splits, split_of, streams
from experiments.code.tokens import train_bpe, windows
from experiments.lab.task import Task, tune_all
from zkapex_jax.errors import InputError
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.examples import Examples
from zkapex_jax.tasks.training import Params

PERSONAL, FORGET, RETAIN = "personal", "forget", "retain"


@dataclass(frozen=True, eq=False)
class CodeTask(Task):
    """A task that trains each model once, however many units of work ask for it."""

    _trained: dict[str, Params] = field(default_factory=dict, repr=False)

    def train_base(self, examples: Examples) -> Params:
        """As of any task; the same examples give the model that is there."""
        mark = hashlib.sha256(examples["input_ids"].tobytes()).hexdigest()
        if mark not in self._trained:
            self._trained[mark] = super().train_base(examples)
        return self._trained[mark]


@dataclass(frozen=True, eq=False)
class Language:
    """A model, where its parameters start, and the tokenizer that goes with it, which may learn from the training texts.

    `tokens` is the length of an example.
    """

    model: Model
    fresh: Callable[[int], Params]
    tokenizer: Callable[[list[str]], Tokenizer]
    tokens: int


def own_language(network: Network) -> Language:
    """The tiny OPT from scratch, with a BPE of its own."""
    return Language(tiny_model(network), lambda seed: fresh_params(network, seed),
                    lambda texts: train_bpe(texts, network.vocabulary), network.tokens)  # fmt: skip


def build_task(config: TaskConfig, corpus: Corpus, language: Language, seed: int) -> CodeTask:
    """The task of a seed: a function of the arguments alone.

    The tokenizer is the model's own part and stays: it learned from all training texts, also of the forgotten language, and
    retraining keeps it.

    Tests are `forget`, `retain` (the kept languages alike), `personal`, and each kept language by its name.

    Raises:
        InputError: the corpus lacks the language to forget or is too small for a set.
    """
    forgotten = config.forgotten(corpus)
    splits, choosing = split_of(corpus, config.sizes.train_share, config.sizes.private_share, seed), streams(seed)[1]
    tokenizer = language.tokenizer([text for texts in splits.train.values() for text in texts])
    cut = lambda name, texts, limit=None: _chosen(name, windows(tokenizer, texts, language.tokens), limit, choosing)  # noqa: E731
    train = {name: cut(f"{name}, to train on", texts) for name, texts in splits.train.items()}
    kept = np.concatenate([train[name] for name in sorted(train) if name != forgotten])
    private = cut("the client's project, to train on", splits.private_train)
    model = language.model
    return CodeTask(
        name=config.name,
        seed=seed,
        kind="language",
        model=model,
        fresh=language.fresh,
        base=config.base,
        personal=config.personal,
        base_forget=examples(train[forgotten]),
        base_retain=examples(kept),
        personal_train=examples(private),
        tests=_tests(splits, forgotten, cut, config.sizes.tests),
        request_forget=examples(train[forgotten][: config.sizes.request]),
        request_retain=examples(choosing.permutation(kept)[: config.sizes.request]),
        pattern=config.pattern,
        sparsity=config.sparsity,
        preset=config.preset,
        personalise=_personalise(config, model, examples(private), seed),
        rows=config.rows,
    )


def examples(tokens: np.ndarray) -> Examples:
    """OPT examples of windows i32 [N, T]; the labels are the tokens themselves."""
    return {"input_ids": tokens, "labels": tokens}


def _tests(splits: Splits, forgotten: str, cut: Callable[..., np.ndarray], limit: int) -> dict[str, Examples]:
    held = {name: cut(f"{name}, to test on", texts, limit) for name, texts in splits.test.items()}
    kept = [name for name in sorted(held) if name != forgotten]
    equal = min(len(held[name]) for name in kept)
    tests = {
        FORGET: held[forgotten],
        RETAIN: np.concatenate([held[name][:equal] for name in kept]),
        PERSONAL: cut("the client's project, to test on", splits.private_test, limit),
    }
    by_name = {name: held[name] for name in kept if name not in tests}
    return {name: examples(tokens) for name, tokens in (tests | by_name).items()}


def _chosen(field: str, tokens: np.ndarray, limit: int | None, rng: np.random.Generator) -> np.ndarray:
    """At most `limit` windows in a random order, so that the first ones come from many files."""
    if not len(tokens):
        raise InputError("holds no example: its files are too short", code="corpus", field=field)
    return tokens[rng.permutation(len(tokens))[:limit]]


def _personalise(config: TaskConfig, model: Model, private: Examples, seed: int) -> Callable[[Any], Params]:
    if config.lora is None:
        return tune_all(model, private, config.personal, seed)
    return tune_lora(model, private, config.personal, config.lora, seed)
