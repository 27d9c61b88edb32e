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


def draws(model: Model, params: Any, examples: Examples, count: int, seed: int, batch: int = 32) -> Iterator[Examples]:
    """`count` examples, the given ones in turn as often as needed, `batch` at a time, their labels drawn from the model.

    A classifier's `labels` i32 [B] are drawn from its predicted classes; a language model's [B, T] are, token by token, drawn
    from what it predicts after the true text before: the text itself stays.

    Raises:
        InputError: `count` or `batch` is not a positive integer.
    """
    for field, value in (("count", count), ("batch", batch)):
        if type(value) is not int or value < 1:
            raise InputError("must be a positive integer", code="draws", field=field, value=value)
    held, key = len(next(iter(examples.values()))), jax.random.key(seed)
    for start in range(0, count, batch):
        # the last batch is filled up, so that one compiled shape serves all
        chosen = np.arange(start, start + batch) % held
        part = {field: np.asarray(array)[chosen] for field, array in examples.items()}
        drawn = np.asarray(_kernel(model)(params, part, jax.random.fold_in(key, start)))
        yield {field: array[: count - start] for field, array in {**part, "labels": drawn}.items()}


@lru_cache(maxsize=8)
def _kernel(model: Model) -> Any:
    shift = isinstance(model, OptLanguageModel)

    def drawn(params: Any, batch: Batch, key: jax.Array) -> jax.Array:
        logits = model.logits(params, batch)
        if not shift:
            return jax.random.categorical(key, logits).astype(jnp.int32)
        tokens = batch["input_ids"]
        after = jax.random.categorical(key, logits[:, :-1]).astype(tokens.dtype)
        return jnp.concatenate([tokens[:, :1], after], axis=1)

    return jax.jit(drawn)
