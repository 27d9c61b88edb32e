"""Cutting the vector of W target weights into evenly filled chunks of at most `capacity` weights."""

from __future__ import annotations

from zkapex_jax.errors import InputError


def chunk_sizes(weights: int, capacity: int) -> tuple[int, ...]:
    """Sizes of the m = ceil(W / capacity) chunks; they differ by at most one, larger ones first.

    Raises:
        InputError: `weights` or `capacity` is not a positive integer.
    """
    for field, value in (("weights", weights), ("capacity", capacity)):
        if type(value) is not int or value < 1:
            raise InputError("must be a positive integer", code="chunks", field=field, value=value)
    count = -(-weights // capacity)
    small, larger = divmod(weights, count)
    return (small + 1,) * larger + (small,) * (count - larger)


def chunk_bounds(weights: int, capacity: int) -> tuple[tuple[int, int], ...]:
    """Half-open range (start, stop) of each chunk in the vector of W weights, in order.

    >>> chunk_bounds(10, 4)
    ((0, 4), (4, 7), (7, 10))
    """
    bounds, start = [], 0
    for size in chunk_sizes(weights, capacity):
        bounds.append((start, start + size))
        start += size
    return tuple(bounds)
