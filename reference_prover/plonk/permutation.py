"""The permutation argument: cells that copies join hold the same value.

Column j and row i are named by the field element delta^j omega^i. sigma_j holds, at each cell, the name of the next cell of
its cycle. If all cells of each cycle are equal, then multisets {value + beta name + gamma} and {value + beta sigma + gamma} are
equal, and the running product z of their quotients returns to 1. Columns are taken in sets, one product each, chained.
"""

from __future__ import annotations

from typing import Iterator, Sequence

from ..field import MODULUS
from ..tables import Tables
from .circuit import Circuit
from .domain import DELTA, batch_inverse
from .polynomial import Evaluations
from .queries import Column, Kind
from .view import Challenges, View

Place = tuple[int, int]  # number of the column in the argument, row


def sigmas(circuit: Circuit) -> list[Evaluations]:
    """One column for each permuted column: the name of the next cell of the cycle."""
    following = cycles(circuit.tables, circuit.permuted, circuit.columns)
    names = [pow(DELTA, index, MODULUS) for index in range(len(circuit.permuted))]
    rows = circuit.domain.rows
    return [Evaluations([names[to] * rows[row] % MODULUS for to, row in column]) for column in following]


def cycles(tables: Tables, permuted: Sequence[Column], columns: dict[str, Column]) -> list[list[Place]]:
    """For each cell the next cell of its cycle. Copies are joined one by one: two cycles become one where their successors are
    swapped, and a copy within one cycle changes nothing."""
    number = {column: index for index, column in enumerate(permuted)}
    following = [[(index, row) for row in range(tables.domain)] for index in range(len(permuted))]
    for copy in tables.copies:
        left, right = ((number[columns[name]], row) for name, row in (copy.left, copy.right))
        if right not in _cycle(following, left):
            one, two = following[left[0]][left[1]], following[right[0]][right[1]]
            following[left[0]][left[1]], following[right[0]][right[1]] = two, one
    return following


def products(circuit: Circuit, cells: dict[Column, list[int]], sigma: Sequence[Evaluations], challenges: Challenges) -> list[list[int]]:
    """The running products, one a set: rows 0 to the last one, the blinding rows still to be added."""
    beta, gamma, start, result = challenges.beta, challenges.gamma, 1, []
    for number, columns in enumerate(circuit.sets):
        first = number * circuit.set_size
        factors = []
        for row, root in enumerate(circuit.domain.rows[: circuit.usable]):
            above = below = 1
            for index, column in enumerate(columns, first):
                value = cells[column][row] + gamma
                above = above * (value + beta * pow(DELTA, index, MODULUS) * root) % MODULUS
                below = below * (value + beta * sigma[index].values[row]) % MODULUS
            factors.append((above, below))
        inverses = batch_inverse([below for _, below in factors])
        running = [start]
        for (above, _), one in zip(factors, inverses):
            running.append(running[-1] * above % MODULUS * one % MODULUS)
        start = running[-1]
        result.append(running)
    return result


def identities(circuit: Circuit, view: View, challenges: Challenges) -> Iterator[int]:
    """What must vanish: z starts at 1, ends at 0 or 1, each set goes on where the one before ended, and z steps as it should."""
    sets = range(len(circuit.sets))
    z = [Column(Kind.PERMUTATION_PRODUCT, index) for index in sets]
    if not z:
        return
    yield view.first * (1 - view.at(z[0], 0))
    yield view.last * (view.at(z[-1], 0) ** 2 - view.at(z[-1], 0))
    for index in sets[1:]:
        yield view.first * (view.at(z[index], 0) - view.at(z[index - 1], circuit.last))
    for number, columns in enumerate(circuit.sets):
        left, right = view.at(z[number], 1), view.at(z[number], 0)
        for index, column in enumerate(columns, number * circuit.set_size):
            value = view.at(column, 0) + challenges.gamma
            left = left * (value + challenges.beta * view.at(Column(Kind.SIGMA, index), 0)) % MODULUS
            right = right * (value + challenges.beta * pow(DELTA, index, MODULUS) * view.point) % MODULUS
        yield view.active * (left - right)


def _cycle(following: list[list[Place]], start: Place) -> set[Place]:
    found, place = {start}, following[start[0]][start[1]]
    while place != start:
        found.add(place)
        place = following[place[0]][place[1]]
    return found
