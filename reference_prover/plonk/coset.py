"""The identities on every point of the coset: the prover's reading of what `identities` says of one point."""

from __future__ import annotations

from dataclasses import dataclass

from ..field import MODULUS
from .circuit import Circuit
from .identities import combined
from .openings import RANDOM
from .polynomial import Coefficients, CosetEvaluations, Evaluations, interpolate, to_coset
from .queries import Column
from .view import Challenges


@dataclass(frozen=True)
class _CosetView:
    """One point of the coset; a rotation of one row is `stride` points further round."""

    index: int
    stride: int
    point: int
    first: int
    last: int
    active: int
    values: dict[Column, list[int]]

    def at(self, column: Column, rotation: int) -> int:
        values = self.values[column]
        return values[(self.index + rotation * self.stride) % len(values)]


def joined_identities(circuit: Circuit, polynomials: dict[Column, Coefficients], challenges: Challenges, y: int) -> CosetEvaluations:
    """The identities, joined by y, on the coset."""
    domain = circuit.domain
    values = {column: to_coset(domain, polynomial).values for column, polynomial in polynomials.items() if column != RANDOM}
    first, last, blind = (_selector(circuit, rows) for rows in _special_rows(circuit))
    stride = len(domain.coset) // domain.n
    result = []
    for index, point in enumerate(domain.coset):
        active = (1 - last[index] - blind[index]) % MODULUS
        view = _CosetView(index, stride, point, first[index], last[index], active, values)
        result.append(combined(circuit, view, challenges, y))
    return CosetEvaluations(result)


def _special_rows(circuit: Circuit) -> tuple[range, range, range]:
    """Row 0, the last row of the running products, and the blinding rows."""
    return range(1), range(circuit.usable, circuit.usable + 1), range(circuit.usable + 1, circuit.domain.n)


def _selector(circuit: Circuit, rows: range) -> list[int]:
    """The column that is 1 on these rows and 0 elsewhere, on the coset."""
    column = Evaluations([int(row in rows) for row in range(circuit.domain.n)])
    return to_coset(circuit.domain, interpolate(circuit.domain, column)).values
