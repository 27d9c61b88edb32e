"""Which polynomials are evaluated where: the order of the evaluations in a proof, and of the queries that it opens.

Both orders are fixed by the circuit alone, so they are written down once, here, for prover and verifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from .circuit import Circuit
from .queries import Column, Kind, Opening

RANDOM, QUOTIENT = Column(Kind.RANDOM, 0), Column(Kind.QUOTIENT, 0)


@dataclass(frozen=True)
class PointSet:
    """Polynomials that are opened at the same points: rotations in order of first use, columns in order of first use."""

    rotations: tuple[int, ...]
    columns: tuple[Column, ...]


def evaluated(circuit: Circuit) -> list[Opening]:
    """The evaluations that a proof carries, in order. The quotient's is not among them: the verifier computes it."""
    sigmas = [Opening(Column(Kind.SIGMA, index), 0) for index in range(len(circuit.permuted))]
    result = [*circuit.committed_queries, *circuit.queries.advice, *circuit.queries.fixed, Opening(RANDOM, 0), *sigmas]
    for index in range(len(circuit.sets)):
        product = Column(Kind.PERMUTATION_PRODUCT, index)
        result += [Opening(product, 0), Opening(product, 1)]
        if index + 1 < len(circuit.sets):
            result.append(Opening(product, circuit.last))
    for index in range(len(circuit.tables.lookups)):
        product, permuted, table = _lookup(index)
        result += [Opening(product, 0), Opening(product, 1), Opening(permuted, 0), Opening(permuted, -1), Opening(table, 0)]
    return result


def opened(circuit: Circuit) -> list[Opening]:
    """The queries of the opening, in order."""
    sets = range(len(circuit.sets))
    result = [*circuit.queries.advice, *circuit.committed_queries]
    result += [Opening(Column(Kind.PERMUTATION_PRODUCT, index), rotation) for index in sets for rotation in (0, 1)]
    result += [Opening(Column(Kind.PERMUTATION_PRODUCT, index), circuit.last) for index in reversed(sets[:-1])]
    for index in range(len(circuit.tables.lookups)):
        product, permuted, table = _lookup(index)
        result += [Opening(product, 0), Opening(permuted, 0), Opening(table, 0), Opening(permuted, -1), Opening(product, 1)]
    result += [*circuit.queries.fixed, *(Opening(Column(Kind.SIGMA, index), 0) for index in range(len(circuit.permuted)))]
    return result + [Opening(QUOTIENT, 0), Opening(RANDOM, 0)]


def point_sets(circuit: Circuit) -> list[PointSet]:
    """The queries grouped by the points at which a polynomial is opened; few points first, else in order of first use."""
    queries, n = opened(circuit), circuit.domain.n
    order = list(dict.fromkeys(rotation % n for _, rotation in queries))
    grouped: dict[tuple[int, ...], list[Column]] = {}
    for column in dict.fromkeys(column for column, _ in queries):
        points = {rotation % n for other, rotation in queries if other == column}
        grouped.setdefault(tuple(sorted(points, key=order.index)), []).append(column)
    sets = [PointSet(rotations, tuple(columns)) for rotations, columns in grouped.items()]
    return sorted(sets, key=lambda one: len(one.rotations))


def points(circuit: Circuit, rotations: Sequence[int], x: int) -> list[int]:
    """x * omega^rotation for each."""
    return [circuit.domain.rotate(x, rotation) for rotation in rotations]


def by_point(circuit: Circuit, values: dict[Opening, int]) -> dict[Opening, int]:
    """The same values with rotations counted mod n, as the point sets have them."""
    return {Opening(column, rotation % circuit.domain.n): value for (column, rotation), value in values.items()}


def _lookup(index: int) -> tuple[Column, Column, Column]:
    return Column(Kind.LOOKUP_PRODUCT, index), Column(Kind.LOOKUP_INPUT, index), Column(Kind.LOOKUP_TABLE, index)
