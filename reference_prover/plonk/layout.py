"""What stands where in a proof's bytes: every field with its round, name, offset and length, in order.

Prover and verifier write and read along this list, so it cannot differ from what they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from ..field import BYTES as SCALAR
from .circuit import Circuit
from .key import ProvingKey, VerifyingKey
from .openings import RANDOM, evaluated, point_sets
from .queries import Column, Kind, Opening

POINT = 48


@dataclass(frozen=True)
class Field:
    """One point (48 bytes) or scalar (32) of a proof."""

    round: str
    name: str
    offset: int
    length: int

    def __str__(self) -> str:
        return f"{self.round}: {self.name} (bytes {self.offset} to {self.offset + self.length})"


def layout(key: VerifyingKey | ProvingKey) -> list[Field]:
    """The fields of every proof under a key."""
    return fields(key.verifying.circuit if isinstance(key, ProvingKey) else key.circuit)


def fields(circuit: Circuit) -> list[Field]:
    """The same for a circuit."""
    result, offset = [], 0
    for round_name, name, length in _sequence(circuit):
        result.append(Field(round_name, name, offset, length))
        offset += length
    return result


def _sequence(circuit: Circuit) -> Iterator[tuple[str, str, int]]:
    lookups = [lookup.id for lookup in circuit.tables.lookups]
    for name in circuit.tables.advice:
        yield "advice", name, POINT
    for name in lookups:
        yield "lookups", f"{name} input", POINT
        yield "lookups", f"{name} table", POINT
    for index in range(len(circuit.sets)):
        yield "products", f"permutation product {index}", POINT
    for name in lookups:
        yield "products", f"{name} product", POINT
    yield "random", "random", POINT
    for index in range(circuit.domain.pieces):
        yield "quotient", f"quotient piece {index}", POINT
    for opening in evaluated(circuit):
        yield "evaluations", opening_name(circuit, opening), SCALAR
    yield "opening", "combined quotient", POINT
    for index, points in enumerate(point_sets(circuit)):
        yield "opening", f"point set {index} of {len(points.rotations)} at x3", SCALAR
    yield "opening", "witness", POINT


def opening_name(circuit: Circuit, opening: Opening) -> str:
    """`a@+1`, `sigma of x`, `permutation product 0@-6`, ..."""
    rotation = f"@{opening.rotation:+d}" if opening.rotation else ""
    return column_name(circuit, opening.column) + rotation


def column_name(circuit: Circuit, column: Column) -> str:
    """The name of a column of the tables, or what a polynomial is for."""
    names = {known: name for name, known in circuit.columns.items()}
    if column in names:
        return names[column]
    if column.kind is Kind.SIGMA:
        return f"sigma of {names[circuit.permuted[column.index]]}"
    if column.kind in (Kind.LOOKUP_INPUT, Kind.LOOKUP_TABLE, Kind.LOOKUP_PRODUCT):
        return f"{circuit.tables.lookups[column.index].id} {column.kind.value.removeprefix('lookup ')}"
    return column.kind.value if column.kind in (RANDOM.kind, Kind.QUOTIENT) else f"{column.kind.value} {column.index}"
