"""Weights lie in the vector output by output, whatever the tensor's shape."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.models import chunk_bounds, flatten, select_targets
from zkapex_jax.models.order import as_tensor, as_vector

SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@given(SHAPES, st.lists(st.integers(1, 3), max_size=2).map(tuple))
def test_vector_and_tensor_are_one_another(shape: tuple[int, ...], lead: tuple[int, ...]) -> None:
    tensor = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    vector = as_vector(tensor)
    np.testing.assert_array_equal(vector, np.concatenate([tensor[..., output].ravel() for output in range(shape[-1])]))
    np.testing.assert_array_equal(as_tensor(vector, shape), tensor)
    np.testing.assert_array_equal(as_tensor(jnp.asarray(vector), shape), as_tensor(vector, shape))
    many = np.broadcast_to(vector, (*lead, vector.size))
    np.testing.assert_array_equal(as_tensor(many, shape), np.broadcast_to(tensor, (*lead, *shape)))


def test_a_tensor_is_a_view_of_its_place_among_rows() -> None:
    rows = np.zeros((2, 10), np.float32)
    as_tensor(rows[:, 3:9], (2, 3))[...] = [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]
    np.testing.assert_array_equal(rows[:, 3:9], [[1, 4, 2, 5, 3, 6], [7, 10, 8, 11, 9, 12]])
    assert not rows[:, :3].any() and not rows[:, 9:].any()


@pytest.mark.parametrize("neurons", [1, 2, 4])
def test_a_chunk_holds_whole_neurons(neurons: int) -> None:
    inputs, outputs = 6, 8
    kernel = np.broadcast_to(np.arange(outputs, dtype=np.float32), (inputs, outputs))
    tree = {"kernel": np.array(kernel)}
    vector = flatten(tree, select_targets(tree, "kernel"))
    for start, stop in chunk_bounds(len(vector), neurons * inputs):
        assert len(set(vector[start:stop])) == neurons
