"""The lookup argument: the tuple of inputs on every usable row is the tuple of the table on some usable row.

theta joins each tuple to one value. A is the column of joined inputs, S of the joined table; A' is A sorted, S' a permutation
of S that has each value of A' where it first occurs. That A', S' are permutations of A, S is shown by a running product as in the
permutation argument; that each a' equals s' or the a' above it, row by row.
"""

from __future__ import annotations

from collections import Counter
from typing import Iterator, Sequence

from ..errors import WitnessError
from ..expression import Expression, Read, evaluate
from ..field import MODULUS
from ..tables import Lookup
from .circuit import Circuit
from .domain import batch_inverse
from .queries import Column, Kind
from .view import Challenges, View


def joined(expressions: Sequence[Expression], read: Read, theta: int) -> int:
    """sum_i theta^(m-1-i) expression_i."""
    result = 0
    for expression in expressions:
        result = (result * theta + evaluate(expression, read)) % MODULUS
    return result


def permute(lookup: Lookup, inputs: Sequence[int], table: Sequence[int]) -> tuple[list[int], list[int]]:
    """A and S on the usable rows to A' and S'. Raises WitnessError naming the lookup where an input is not in the table.

    Values of the table that no input uses fill the rows where an input is repeated, the last such row first. The library takes
    them in the order of a hash map that differs from run to run, here they go by size; so two provers agree on the bytes of a
    proof only where `leftovers` finds at most one distinct value. Any order is a valid proof."""
    left, result, repeated = Counter(table), [], []
    ordered = sorted(inputs)
    for row, value in enumerate(ordered):
        if row and value == ordered[row - 1]:
            repeated.append(row)
            result.append(0)
        elif not left[value]:
            raise WitnessError("an input is not in the table", field=lookup.id, value=value)
        else:
            left[value] -= 1
            result.append(value)
    for value in sorted(left.elements()):
        result[repeated.pop()] = value
    return ordered, result


def leftovers(inputs: Sequence[int], table: Sequence[int]) -> set[int]:
    """The values of the table that remain when each input has taken one."""
    return set((Counter(table) - Counter(set(inputs))).elements())


def product(inputs: Sequence[int], table: Sequence[int], permuted: Sequence[Sequence[int]], challenges: Challenges) -> list[int]:
    """With `permuted` = (A', S'), the running product over the usable rows and the one that follows."""
    beta, gamma = challenges.beta, challenges.gamma
    below = [(one + beta) * (two + gamma) % MODULUS for one, two in zip(*permuted)]
    running = [1]
    for one, two, inverse in zip(inputs, table, batch_inverse(below)):
        running.append(running[-1] * (one + beta) % MODULUS * (two + gamma) % MODULUS * inverse % MODULUS)
    return running


def identities(circuit: Circuit, view: View, read: Read, challenges: Challenges) -> Iterator[int]:
    """What must vanish, lookup by lookup."""
    theta, beta, gamma = challenges.theta, challenges.beta, challenges.gamma
    for index, lookup in enumerate(circuit.tables.lookups):
        z, a, s = (Column(kind, index) for kind in (Kind.LOOKUP_PRODUCT, Kind.LOOKUP_INPUT, Kind.LOOKUP_TABLE))
        here, permuted, table = view.at(z, 0), view.at(a, 0), view.at(s, 0)
        left = view.at(z, 1) * (permuted + beta) % MODULUS * (table + gamma)
        right = here * (joined(lookup.inputs, read, theta) + beta) % MODULUS * (joined(lookup.table, read, theta) + gamma)
        yield view.first * (1 - here)
        yield view.last * (here**2 - here)
        yield view.active * ((left - right) % MODULUS)
        yield view.first * (permuted - table)
        yield view.active * ((permuted - table) * (permuted - view.at(a, -1)) % MODULUS)
