"""The 1,797 handwritten digits that ship with scikit-learn (8 x 8 pixels, 10 classes): real data, no download."""

from __future__ import annotations

import functools

import numpy as np
from sklearn.datasets import load_digits

from zkapex_jax.models.examples import Examples

SIZE = 8
CHANNELS = 1
CLASSES = 10
COUNT = 1797

_INK = 16.0  # the data set counts ink from 0 to 16


@functools.cache
def load() -> tuple[np.ndarray, np.ndarray]:
    """Images f32 [1797, 8, 8] with ink from 0 to 1, and labels i32 [1797]; read-only."""
    digits = load_digits()
    images, labels = (digits.images / _INK).astype(np.float32), digits.target.astype(np.int32)
    for array in (images, labels):
        array.setflags(write=False)
    return images, labels


def examples(images: np.ndarray, labels: np.ndarray) -> Examples:
    """Batch fields of a ViT from images [N, 8, 8]: `pixel_values` f32 [N, 1, 8, 8], `labels` i32 [N]."""
    return {"pixel_values": images[:, None].astype(np.float32), "labels": labels.astype(np.int32)}
