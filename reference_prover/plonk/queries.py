"""Which cells the constraints read, in the order in which the proof system registers them.

The order is part of the protocol: it fixes where each evaluation stands in a proof. First the columns that copies join
(advice, fixed, instance; by column), then advice at rotation 0 by column, then the gates in reading order, then the lookups,
inputs before tables. Advice at rotation 0 goes first because the library takes the first point that it opens for the
point of the quotient.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Iterator, NamedTuple

from ..expression import Expression, cells
from ..tables import Tables


class Kind(str, Enum):
    """What a polynomial of the proof system holds."""

    ADVICE = "advice"
    FIXED = "fixed"
    INSTANCE = "instance"
    SIGMA = "sigma"  # where each copied cell points to
    PERMUTATION_PRODUCT = "permutation product"
    LOOKUP_INPUT = "lookup input"  # permuted
    LOOKUP_TABLE = "lookup table"  # permuted
    LOOKUP_PRODUCT = "lookup product"
    RANDOM = "random"
    QUOTIENT = "quotient"


class Column(NamedTuple):
    """One polynomial: its kind and its number within the kind."""

    kind: Kind
    index: int


class Opening(NamedTuple):
    """A polynomial read `rotation` rows below the current one."""

    column: Column
    rotation: int


@dataclass(frozen=True)
class Queries:
    """The distinct cells that are read, by kind, in the order of registration."""

    advice: tuple[Opening, ...]
    fixed: tuple[Opening, ...]
    instance: tuple[Opening, ...]

    def of(self, kind: Kind) -> tuple[Opening, ...]:
        return {Kind.ADVICE: self.advice, Kind.FIXED: self.fixed, Kind.INSTANCE: self.instance}[kind]


def named_columns(tables: Tables) -> dict[str, Column]:
    """Name -> column."""
    kinds = ((Kind.ADVICE, tables.advice), (Kind.FIXED, tables.fixed), (Kind.INSTANCE, tables.instance))
    return {name: Column(kind, index) for kind, names in kinds for index, name in enumerate(names)}


def copied_columns(tables: Tables) -> tuple[Column, ...]:
    """The columns that copies join: advice, fixed, instance, each by number."""
    columns, order = named_columns(tables), [Kind.ADVICE, Kind.FIXED, Kind.INSTANCE]
    found = {columns[name] for copy in tables.copies for name, _ in (copy.left, copy.right)}
    return tuple(sorted(found, key=lambda column: (order.index(column.kind), column.index)))


def constraints(tables: Tables) -> Iterator[Expression]:
    """Every polynomial in reading order: gates, then lookups, inputs before tables."""
    for gate in tables.gates:
        yield from gate.polys
    for lookup in tables.lookups:
        yield from lookup.inputs + lookup.table


def collect(tables: Tables) -> Queries:
    """The queries of some tables."""
    read = list(dict.fromkeys(_registered(tables)))
    by_kind = {kind: tuple(one for one in read if one.column.kind is kind) for kind in (Kind.ADVICE, Kind.FIXED, Kind.INSTANCE)}
    return Queries(by_kind[Kind.ADVICE], by_kind[Kind.FIXED], by_kind[Kind.INSTANCE])


def _registered(tables: Tables) -> Iterator[Opening]:
    columns = named_columns(tables)
    for column in copied_columns(tables):
        yield Opening(column, 0)
    if tables.gates:  # the wrapper registers advice within its first gate
        yield from _current_advice(tables)
    for expression in constraints(tables):
        for cell in cells(expression):
            yield Opening(columns[cell.column], cell.rotation)


def _current_advice(tables: Tables) -> list[Opening]:
    """Advice read at rotation 0, by column; the first column where none is."""
    columns = named_columns(tables)
    read = {columns[cell.column].index for one in constraints(tables) for cell in cells(one) if cell.rotation == 0 and cell.column in tables.advice}
    if not read and tables.advice:
        read = {0}
    return [Opening(Column(Kind.ADVICE, index), 0) for index in sorted(read)]
