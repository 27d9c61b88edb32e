"""Labels drawn from the model's own predictions, in place of the data's: what the true Fisher is an expectation over.

Kunstner, Balles and Hennig 2019 (arXiv 1905.12558) show what the empirical Fisher loses by using the data's labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from zkapex_jax.errors import InputError
from zkapex_jax.models.adapter import Batch, Model, OptLanguageModel
from zkapex_jax.models.examples import Examples
from zkapex_jax.models.losses import IGNORED_LABEL


def draws(model: Model, params: Any, examples: Examples, count: int, seed: int, batch: int = 32, *,
          first: int = 0, each: bool = False) -> Iterator[Examples]:  # fmt: skip
    """`count` examples, the given ones in turn as often as needed, `batch` at a time, their labels drawn from the model.

    A classifier's `labels` i32 [B] are drawn from its predicted classes; a language model's [B, T] are, token by token, drawn
    from what it predicts after the true text before: the text itself stays, and labels that are ignored stay so.
    `first` leaves out as many at the beginning. With `each`, what is drawn for an example depends on the seed and on how many
    came before, else on `batch`, too.

    Raises:
        InputError: `count` or `batch` is not a positive integer.
    """
    for field, value in (("count", count), ("batch", batch)):
        if type(value) is not int or value < 1:
            raise InputError("must be a positive integer", code="draws", field=field, value=value)
    held, key = len(next(iter(examples.values()))), jax.random.key(seed)
    for start in range(first, count, batch):
        # the last batch is filled up, so that one compiled shape serves all
        indices = np.arange(start, start + batch)
        part = {field: np.asarray(array)[indices % held] for field, array in examples.items()}
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, indices) if each else jax.random.fold_in(key, start)
        drawn = np.asarray(_kernel(model, each)(params, part, keys))
        yield {field: array[: count - start] for field, array in {**part, "labels": drawn}.items()}


@lru_cache(maxsize=8)
def _kernel(model: Model, each: bool) -> Any:
    choose = jax.vmap(jax.random.categorical) if each else jax.random.categorical

    def drawn(params: Any, batch: Batch, keys: jax.Array) -> jax.Array:
        logits = model.logits(params, batch)
        if not isinstance(model, OptLanguageModel):
            return choose(keys, logits).astype(jnp.int32)
        tokens = batch["input_ids"]
        labels = jnp.concatenate([tokens[:, :1], choose(keys, logits[:, :-1]).astype(tokens.dtype)], axis=1)
        return jnp.where(batch["labels"] == IGNORED_LABEL, IGNORED_LABEL, labels) if "labels" in batch else labels

    return jax.jit(drawn)
