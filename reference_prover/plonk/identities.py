"""All that must vanish on every row, in the order in which y combines it: gates, permutation, lookups."""

from __future__ import annotations

from typing import Iterator

from ..expression import Cell, Read, evaluate
from ..field import MODULUS
from . import lookup, permutation
from .circuit import Circuit
from .view import Challenges, View


def combined(circuit: Circuit, view: View, challenges: Challenges, y: int) -> int:
    """The identities at one point, joined by powers of y, the first with the highest: the quotient times X^n - 1, there."""
    result = 0
    for value in identities(circuit, view, challenges):
        result = (result * y + value) % MODULUS
    return result


def identities(circuit: Circuit, view: View, challenges: Challenges) -> Iterator[int]:
    """Each value at one point; not reduced."""
    read = reader(circuit, view)
    for gate in circuit.tables.gates:
        for poly in gate.polys:
            yield evaluate(poly, read)
    yield from permutation.identities(circuit, view, challenges)
    yield from lookup.identities(circuit, view, read, challenges)


def reader(circuit: Circuit, view: View) -> Read:
    """How an expression reads cells through a view."""

    def read(cell: Cell) -> int:
        return view.at(circuit.columns[cell.column], cell.rotation)

    return read
