"""Likelihood-ratio membership inference (LiRA) with shadow models, in its online form.

For each example, shadow models that were trained with it and shadow models that were not give two Gaussians of its
confidence; the score of the attacked model's confidence is the log of their likelihood ratio. With few shadows the
variances are shared by all examples. Carlini et al., "Membership inference attacks from first principles", S&P 2022.

To judge unlearning, the shadows go through the same unlearning as the attacked model ("U-LiRA": Hayes et al., "Inexact
unlearning needs more careful evaluations to avoid a false sense of privacy", SaTML 2025; Kurmanji et al., "Towards
unbounded machine unlearning", NeurIPS 2023): then a score tells what was forgotten from what was never seen.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.lab.measures.membership import Attack, from_scores
from zkapex_jax.errors import InputError
from zkapex_jax.forget.evaluation import in_batches
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.examples import Examples

#: Fewest shadows on either side of an example: one would make its own mean and leave nothing for the variance.
FEWEST = 2


def confidences(model: Model, params: Any, examples: Examples) -> np.ndarray:
    """Logit-scaled confidence f64 [N] of a classifier: log p − log(1 − p), p the probability of the right class.

    Taken from the logits, z_y − log Σ_{c≠y} exp z_c, which neither overflows nor rounds p to 1.

    Raises:
        InputError: the model is no classifier, or a confidence is not finite.
    """
    if model.architecture != "vit":
        raise InputError("needs a classifier", code="architecture", field="model", value=model.architecture)
    values = in_batches(_kernel(model), params, examples)
    if not np.isfinite(values).all():
        raise InputError("a confidence is not finite", code="not_finite", field="confidences")
    return values


def scores(observed: np.ndarray, shadows: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Log likelihood ratio f64 [N] of member against non-member.

    Args:
        observed: confidences [N] of the attacked model.
        shadows: confidences [S, N] of the shadow models.
        member: bool [S, N], whether the shadow was trained with the example.

    Raises:
        InputError: shapes disagree, a number is not finite, an example has fewer than two shadows on either side, or
            all shadows agree exactly.
    """
    observed, shadows = np.asarray(observed, np.float64), np.asarray(shadows, np.float64)
    _check(observed, shadows, member)
    inside, inside_variance = _gaussians(shadows, member)
    outside, outside_variance = _gaussians(shadows, ~member)
    return _log_density(observed, inside, inside_variance) - _log_density(observed, outside, outside_variance)


def attack(observed: np.ndarray, observed_member: np.ndarray, shadows: np.ndarray, member: np.ndarray) -> Attack:
    """ROC of the scores, over the examples whose membership of the attacked model is bool [N] `observed_member`.

    Raises:
        InputError: as `scores`; or all examples are members, or none is.
    """
    found = scores(observed, shadows, member)
    return from_scores(found[observed_member], found[~observed_member])


def _gaussians(shadows: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, float]:
    """Mean [N] of the chosen shadows of each example; one variance over all, its degrees of freedom corrected."""
    count = chosen.sum(axis=0)
    mean = np.where(chosen, shadows, 0.0).sum(axis=0) / count
    squares = np.where(chosen, (shadows - mean) ** 2, 0.0).sum()
    variance = float(squares / (count - 1).sum())
    if variance <= 0.0:
        raise InputError("all shadows agree exactly: no variance", code="shadows", field="shadows")
    return mean, variance


def _log_density(values: np.ndarray, mean: np.ndarray, variance: float) -> np.ndarray:
    """Log density [N] of normal distributions, less the constant that all share."""
    return -0.5 * ((values - mean) ** 2 / variance + np.log(variance))


def _check(observed: np.ndarray, shadows: np.ndarray, member: np.ndarray) -> None:
    if observed.ndim != 1 or not observed.size or shadows.ndim != 2 or shadows.shape[1:] != observed.shape:
        raise InputError("must hold a row of N confidences a shadow", code="shadows", field="shadows", value=shadows.shape)
    if member.shape != shadows.shape or member.dtype != np.bool_:
        raise InputError("must be booleans of the shadows' shape", code="shadows", field="member", value=member.shape)
    for field, values in (("observed", observed), ("shadows", shadows)):
        if not np.isfinite(values).all():
            raise InputError("holds a NaN or an infinity", code="not_finite", field=field)
    fewest = int(min(member.sum(axis=0).min(), (~member).sum(axis=0).min()))
    if fewest < FEWEST:
        raise InputError(f"an example has fewer than {FEWEST} shadows with it, or without it", code="shadows",
                         field="member", value=fewest, hint="train more shadows")  # fmt: skip


@lru_cache(maxsize=8)
def _kernel(model: Model) -> Any:
    def scaled(params: Any, batch: Any) -> jax.Array:
        logits, labels = model.logits(params, batch).astype(jnp.float32), batch["labels"]
        right = jax.nn.one_hot(labels, logits.shape[-1], dtype=bool)
        rest = jax.nn.logsumexp(jnp.where(right, -jnp.inf, logits), axis=-1)
        return jnp.take_along_axis(logits, labels[:, None], axis=-1)[:, 0] - rest

    return jax.jit(scaled)
