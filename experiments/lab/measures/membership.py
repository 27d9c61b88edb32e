"""Membership inference by a threshold on the loss: is an example one that the model was trained on?

An attack gives each example a score, higher for examples that look like members; its quality is the ROC curve over all
thresholds. Yeom et al., "Privacy risk in machine learning", CSF 2018 (loss threshold); true positives at a small rate of
false ones after Carlini et al., "Membership inference attacks from first principles", S&P 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from zkapex_jax.errors import InputError
from zkapex_jax.forget.evaluation import BATCH, in_batches
from zkapex_jax.models.adapter import Model
from zkapex_jax.models.examples import Examples

if TYPE_CHECKING:
    from experiments.lab.task import Task

LOW_FPR = 0.01


@dataclass(frozen=True, eq=False)
class Attack:
    """ROC of an attack: area under it (0.5 is chance) and the curve, fpr and tpr [points], both rising from 0 to 1.

    `tpr_at_1fpr` is the largest true positive rate among thresholds with a false positive rate of at most 1 %: a step,
    never interpolated, so with fewer than 100 non-members no false positive at all is allowed.
    """

    auc: float
    tpr_at_1fpr: float
    fpr: np.ndarray
    tpr: np.ndarray

    def tpr_at(self, fpr: float) -> float:
        """Largest true positive rate among thresholds with a false positive rate of at most `fpr`."""
        return float(self.tpr[self.fpr <= fpr].max(initial=0.0))


def from_scores(members: np.ndarray, others: np.ndarray) -> Attack:
    """ROC of scores of members [N] and of non-members [M]; ties count as half right in the area.

    Raises:
        InputError: either is empty or not one-dimensional, or a score is NaN. Infinite scores are allowed.
    """
    for field, scores in (("members", members), ("others", others)):
        if np.ndim(scores) != 1 or len(scores) == 0:
            raise InputError("must be a non-empty vector of scores", code="scores", field=field, value=np.shape(scores))
        if np.isnan(scores).any():
            raise InputError("holds a NaN", code="scores", field=field)
    truth = np.concatenate([np.ones(len(members)), np.zeros(len(others))])
    ranks = _ranks(np.concatenate([members, others]))
    fpr, tpr, _ = roc_curve(truth, ranks, drop_intermediate=False)
    return Attack(float(roc_auc_score(truth, ranks)), float(tpr[fpr <= LOW_FPR].max(initial=0.0)), fpr, tpr)


def loss_threshold(member_losses: np.ndarray, other_losses: np.ndarray) -> Attack:
    """The attack that calls an example a member when its loss is small; losses [N] of members and [M] of others.

    Raises:
        InputError: as `from_scores`.
    """
    return from_scores(-np.asarray(member_losses, np.float64), -np.asarray(other_losses, np.float64))


def forgotten(task: Task, params: Any) -> Attack:
    """Loss threshold on what was to be forgotten: the provider's `base_forget` against the held-out set `forget`.

    Where both were drawn alike (digits), a model that never saw `base_forget` has an area of about 0.5. Where the held-out
    set comes from other fonts or files it may not: an area is then read beside that of the retrained model.
    """
    return loss_threshold(*(example_losses(task.model, params, examples)
                            for examples in (task.base_forget, task.tests["forget"])))  # fmt: skip


def example_losses(model: Model, params: Any, examples: Examples, batch: int = BATCH) -> np.ndarray:
    """Loss f64 [N] of each example, in nats; in jitted batches of one shape.

    Raises:
        InputError: a loss is not finite.
    """
    losses = in_batches(_kernel(model), params, examples, batch)
    if not np.isfinite(losses).all():
        raise InputError("a loss is not finite", code="not_finite", field="losses")
    return losses


@lru_cache(maxsize=8)
def _kernel(model: Model) -> Any:
    return jax.jit(model.losses)


def _ranks(scores: np.ndarray) -> np.ndarray:
    """Ranks in place of scores: the same ROC, and infinities are harmless."""
    return np.unique(scores, return_inverse=True)[1].astype(np.float64)
