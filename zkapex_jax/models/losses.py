"""Losses per example. Shapes: B examples, C classes, T tokens, V vocabulary entries; results are float32."""

from __future__ import annotations

import jax
import jax.numpy as jnp

#: A label that does not count, as in the common training libraries.
IGNORED_LABEL = -100


def classification_losses(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Cross-entropy [B] in nats of logits [B, C] against labels [B]."""
    log_probabilities = jax.nn.log_softmax(logits.astype(jnp.float32))
    return -jnp.take_along_axis(log_probabilities, labels[:, None], axis=-1)[:, 0]


def next_token_losses(logits: jax.Array, labels: jax.Array, attention_mask: jax.Array) -> jax.Array:
    """Mean cross-entropy [B] in nats a counted token, of logits [B, T, V] against the next of labels [B, T].

    A token counts if it is attended to and its label is not -100. The mean is taken within each example, so that
    the gradient of a batch's mean is the mean of the examples' gradients; an example without a token has loss 0.
    """
    targets = labels[:, 1:]
    counted = (attention_mask[:, 1:] > 0) & (targets != IGNORED_LABEL)
    log_probabilities = jax.nn.log_softmax(logits[:, :-1].astype(jnp.float32))
    picked = jnp.take_along_axis(log_probabilities, jnp.where(counted, targets, 0)[..., None], axis=-1)[..., 0]
    return -jnp.sum(picked * counted, axis=-1) / jnp.maximum(jnp.sum(counted, axis=-1), 1)


def classification_hits(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """1.0 where the largest logit is the label's, else 0.0; [B]."""
    return (jnp.argmax(logits, axis=-1) == labels).astype(jnp.float32)


def next_token_hits(logits: jax.Array, labels: jax.Array, attention_mask: jax.Array) -> jax.Array:
    """Share of the counted next tokens [B] that the largest logit predicts."""
    targets = labels[:, 1:]
    counted = (attention_mask[:, 1:] > 0) & (targets != IGNORED_LABEL)
    hits = (jnp.argmax(logits[:, :-1], axis=-1) == targets) & counted
    return jnp.sum(hits, axis=-1) / jnp.maximum(jnp.sum(counted, axis=-1), 1)
