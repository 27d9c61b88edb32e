"""Sums of multiples of many points: Pippenger's buckets, over the plain integers of `group.py`."""

from __future__ import annotations

from collections.abc import Sequence

from .group import IDENTITY, Jacobian, add, double


def msm(points: Sequence[Jacobian], scalars: Sequence[int]) -> Jacobian:
    """Sum of scalar_i·P_i for integers >= 0. Its cost grows with the bits of the largest scalar."""
    terms = [(point, scalar) for point, scalar in zip(points, scalars, strict=True) if scalar]
    if not terms:
        return IDENTITY
    bits = max(scalar.bit_length() for _, scalar in terms)
    width = window(len(terms), bits)
    result = IDENTITY
    for low in range((bits - 1) // width * width, -1, -width):
        for _ in range(width):
            result = double(result)
        result = add(result, _digit(terms, low, width))
    return result


def window(count: int, bits: int) -> int:
    """The width in bits that takes the fewest additions: `count` + 2·2^width of them a window."""
    return min(range(1, 16), key=lambda width: -(-bits // width) * (count + 2 * 2**width))


def _digit(terms: Sequence[tuple[Jacobian, int]], low: int, width: int) -> Jacobian:
    """Sum of digit_i·P_i, the digit being `width` bits of the scalar from bit `low` on. Points of one digit meet in a
    bucket; running sums from the highest bucket down then count each bucket as often as its digit says."""
    buckets = [IDENTITY] * (1 << width)
    for point, scalar in terms:
        digit = scalar >> low & (1 << width) - 1
        if digit:
            buckets[digit] = add(buckets[digit], point)
    running = result = IDENTITY
    for bucket in reversed(buckets[1:]):
        running = add(running, bucket)
        result = add(result, running)
    return result
