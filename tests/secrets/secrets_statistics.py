"""Frozen tests of randomness: a statistic for each, and limits that a fair source passes but for about once in 10^8 runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from reference_prover.field import MODULUS

BINS = 16
#: Kolmogorov and Smirnov: √n·D exceeds it with probability 2·exp(−2·3²) = 3·10⁻⁸.
KS_LIMIT = 3.0
#: Pearson with 15 degrees of freedom: exceeded with probability 4·10⁻⁹.
CHI_LIMIT = 70.0
#: Deviations of a fair coin: exceeded with probability 2·10⁻⁹.
COIN_LIMIT = 6.0

High = Low = Callable[[int], float]


def high(value: int) -> float:
    """Its place in [0, 1) by the leading bits."""
    return value / MODULUS


def low(value: int) -> float:
    """By the lowest 64 bits."""
    return (value & (1 << 64) - 1) / (1 << 64)


def from_uniform(values: Sequence[int], place: Callable[[int], float] = high) -> float:
    """√n·D against the uniform distribution."""
    ranked, n = sorted(map(place, values)), len(values)
    return math.sqrt(n) * max(max((i + 1) / n - u, u - i / n) for i, u in enumerate(ranked))


def from_each_other(one: Sequence[int], two: Sequence[int], place: Callable[[int], float] = high) -> float:
    """√(nm/(n+m))·D between two samples."""
    marks = sorted([(place(v), 1 / len(one), 0.0) for v in one] + [(place(v), 0.0, 1 / len(two)) for v in two])
    first = second = distance = 0.0
    for index, (u, a, b) in enumerate(marks):
        first, second = first + a, second + b
        if index + 1 == len(marks) or marks[index + 1][0] != u:
            distance = max(distance, abs(first - second))
    return math.sqrt(len(one) * len(two) / (len(one) + len(two))) * distance


def chi_square(values: Sequence[int], place: Callable[[int], float] = high) -> float:
    """Pearson's over 16 equal bins."""
    counts = [0] * BINS
    for value in values:
        counts[min(BINS - 1, int(BINS * place(value)))] += 1
    expected = len(values) / BINS
    return sum((count - expected) ** 2 for count in counts) / expected


def coin(right: int, guesses: int) -> float:
    """By how many standard deviations guesses beat, or miss, a fair coin."""
    return abs(2 * right - guesses) / math.sqrt(guesses)


def told_apart(one: Sequence[int], two: Sequence[int]) -> list[str]:
    """What gives away that the values are not uniform, or that the two samples are not alike; nothing where they pass."""
    found = []
    for name, place in (("high", high), ("low", low)):
        for sample, values in (("first", one), ("second", two)):
            if (distance := from_uniform(values, place)) > KS_LIMIT:
                found.append(f"{sample} sample, {name} bits: {distance:.1f} from uniform")
            if (square := chi_square(values, place)) > CHI_LIMIT:
                found.append(f"{sample} sample, {name} bits: chi-square {square:.0f}")
        if (distance := from_each_other(one, two, place)) > KS_LIMIT:
            found.append(f"{name} bits: the samples are {distance:.1f} apart")
    return found
