"""What an identity sees of the columns at one point, and the challenges that it uses.

The verifier looks at the point x, through the evaluations of a proof; the prover looks at each point of the coset, through its
polynomials. The identities themselves are written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..field import MODULUS
from .circuit import Circuit
from .queries import Column, Opening


@dataclass(frozen=True)
class Challenges:
    """theta joins the columns of a lookup; beta and gamma name cells and values in the running products."""

    theta: int
    beta: int
    gamma: int


class View(Protocol):
    """`point`; `first`, `last`: l_0 and l_last there; `active`: 1 on the usable rows, 0 on the others, there."""

    point: int
    first: int
    last: int
    active: int

    def at(self, column: Column, rotation: int) -> int:
        """The column's value, `rotation` rows below."""
        ...


@dataclass(frozen=True)
class PointView:
    """A view through known values."""

    point: int
    first: int
    last: int
    active: int
    values: dict[Opening, int]

    def at(self, column: Column, rotation: int) -> int:
        return self.values[Opening(column, rotation)]


def point_view(circuit: Circuit, point: int, values: dict[Opening, int]) -> PointView:
    """The view at a point outside the domain."""
    n, unusable = circuit.domain.n, circuit.tables.unusable
    last, *blind, first = circuit.domain.lagrange(point, [*range(n - unusable, n), 0])
    return PointView(point, first, last, (1 - last - sum(blind)) % MODULUS, values)
