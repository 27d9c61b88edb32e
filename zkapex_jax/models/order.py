"""The order of a tensor's weights in the vector of target weights: output by output.

A Flax kernel is stored with its outputs on the last axis. In the vector that axis is outermost (PyTorch stores a linear
layer's weight so), hence a chunk, which is a run of the vector, holds whole neurons rather than a few inputs of all
neurons. The loss couples the weights of one neuron far more than those of two (Martens and Grosse 2015, arXiv
1503.05671), so that a chunk sees most of what its own compensation needs.
"""

from __future__ import annotations

from typing import TypeVar

import jax
import numpy as np

Array = TypeVar("Array", np.ndarray, jax.Array)


def as_tensor(part: Array, shape: tuple[int, ...]) -> Array:
    """A part [..., size] of the vector, as a tensor [..., *shape]; a view, if it is NumPy's: writing to it fills the vector."""
    lead, rank = part.ndim - 1, len(shape)
    split = part.reshape(*part.shape[:-1], shape[-1], *shape[:-1])
    return split.transpose(*range(lead), *range(lead + 1, lead + rank), lead)


def as_vector(tensor: Array) -> Array:
    """The weights [size] of a tensor, as they lie in the vector."""
    return tensor.transpose(tensor.ndim - 1, *range(tensor.ndim - 1)).reshape(-1)
