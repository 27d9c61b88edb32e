"""One face for the architectures: a batch in, logits, losses and hits per example out.

Flax ViT takes `train=`, Flax OPT `deterministic=`; ViT batches hold `pixel_values` f32 [B, C, H, W] and `labels`
i32 [B]; OPT batches hold `input_ids` i32 [B, T], and may hold `attention_mask` and `labels` of the same shape.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from transformers import FlaxOPTForCausalLM, FlaxViTForImageClassification

from transformers.utils import logging as transformers_logging

from zkapex_jax.errors import InputError
from zkapex_jax.models import losses

transformers_logging.set_verbosity_error()  # what it warns of (missing tensors, other shapes) is checked in checkpoint.py

Batch = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Model(ABC):
    """A network without its parameters. Methods are pure in `params` and `batch`: jit, vmap and grad apply.

    Dropout acts only where `dropout_rng` is given.
    """

    #: A FlaxPreTrainedModel, and its class: the library types neither how one is called nor its configuration.
    network: Any

    architecture: ClassVar[str]
    network_class: ClassVar[Any]

    @abstractmethod
    def logits(self, params: Any, batch: Batch, dropout_rng: jax.Array | None = None) -> jax.Array:
        """Raw scores: [B, classes] of a classifier, [B, T, vocabulary] of a language model."""

    @abstractmethod
    def losses(self, params: Any, batch: Batch, dropout_rng: jax.Array | None = None) -> jax.Array:
        """Loss [B] of each example, in nats."""

    @abstractmethod
    def hits(self, params: Any, batch: Batch) -> jax.Array:
        """Accuracy [B] of each example, 0 to 1."""

    def loss(self, params: Any, batch: Batch, dropout_rng: jax.Array | None = None) -> jax.Array:
        """Mean loss of a batch, a scalar in nats."""
        return jnp.mean(self.losses(params, batch, dropout_rng))


class VitClassifier(Model):
    """ViT with a classification head."""

    architecture = "vit"
    network_class = FlaxViTForImageClassification

    def logits(self, params: Any, batch: Batch, dropout_rng: jax.Array | None = None) -> jax.Array:
        train = dropout_rng is not None
        return self.network(batch["pixel_values"], params=params, dropout_rng=dropout_rng, train=train).logits

    def losses(self, params: Any, batch: Batch, dropout_rng: jax.Array | None = None) -> jax.Array:
        return losses.classification_losses(self.logits(params, batch, dropout_rng), batch["labels"])

    def hits(self, params: Any, batch: Batch) -> jax.Array:
        return losses.classification_hits(self.logits(params, batch), batch["labels"])


class OptLanguageModel(Model):
    """OPT with its next-token head."""

    architecture = "opt"
    network_class = FlaxOPTForCausalLM

    def logits(self, params: Any, batch: Batch, dropout_rng: jax.Array | None = None) -> jax.Array:
        return self.network(
            batch["input_ids"], attention_mask=_attention_mask(batch), params=params,
            dropout_rng=dropout_rng, deterministic=dropout_rng is None,
        ).logits  # fmt: skip

    def losses(self, params: Any, batch: Batch, dropout_rng: jax.Array | None = None) -> jax.Array:
        return losses.next_token_losses(self.logits(params, batch, dropout_rng), _labels(batch), _attention_mask(batch))

    def hits(self, params: Any, batch: Batch) -> jax.Array:
        return losses.next_token_hits(self.logits(params, batch), _labels(batch), _attention_mask(batch))


MODELS: Mapping[str, type[Model]] = {kind.architecture: kind for kind in (VitClassifier, OptLanguageModel)}


def model_class(architecture: object) -> type[Model]:
    """The adapter for an architecture's name.

    Raises:
        InputError: the architecture is not served.
    """
    if not isinstance(architecture, str) or architecture not in MODELS:
        raise InputError(f"unknown architecture; known are {', '.join(MODELS)}", code="architecture",
                         field="model_type", value=architecture)  # fmt: skip
    return MODELS[architecture]


def _labels(batch: Batch) -> Any:
    return batch["labels"] if "labels" in batch else batch["input_ids"]


def _attention_mask(batch: Batch) -> Any:
    return batch["attention_mask"] if "attention_mask" in batch else jnp.ones_like(batch["input_ids"])
