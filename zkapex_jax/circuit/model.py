"""A finished circuit: plain frozen data and what can be counted on it. ``builder.CircuitBuilder`` makes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from zkapex_jax.circuit.columns import Column, Kind
from zkapex_jax.circuit.expression import Cell, Expression, cells, degree

#: What stands in the layout header of the tables: text, integers, flags, lists of integers.
LayoutValue = str | int | bool | tuple[int, ...]


@dataclass(frozen=True)
class Gate:
    """Polynomials that vanish on every row of the domain. ``id`` is the same string in every form of the statement."""

    id: str
    polys: tuple[Expression, ...]


@dataclass(frozen=True)
class Lookup:
    """On every usable row the tuple of ``inputs`` is the tuple of ``table`` of some usable row."""

    id: str
    inputs: tuple[Expression, ...]
    table: tuple[Expression, ...]


@dataclass(frozen=True)
class Run:
    """``count`` equal non-zero cells of a fixed column from row ``start`` on."""

    start: int
    count: int
    value: int

    @property
    def end(self) -> int:
        return self.start + self.count


@dataclass(frozen=True)
class Place:
    column: Column
    row: int


@dataclass(frozen=True)
class Copy:
    """Both cells hold the same value."""

    left: Place
    right: Place


@dataclass(frozen=True)
class Region:
    """A named range of rows, for messages and pictures; it constrains nothing."""

    name: str
    start: int
    rows: int

    @property
    def end(self) -> int:
        return self.start + self.rows


@dataclass(frozen=True)
class Circuit:
    """One relation at one size: 2^k rows, columns, fixed values, gates, lookups, copies, regions."""

    relation: str
    k: int
    layout: Mapping[str, LayoutValue]
    advice: tuple[Column, ...]
    fixed: tuple[Column, ...]
    instance: tuple[Column, ...]
    runs: Mapping[str, tuple[Run, ...]]
    gates: tuple[Gate, ...]
    lookups: tuple[Lookup, ...]
    copies: tuple[Copy, ...]
    regions: tuple[Region, ...]

    @property
    def domain(self) -> int:
        return 2**self.k

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.advice + self.fixed + self.instance

    @property
    def committed(self) -> tuple[Column, ...]:
        return tuple(column for column in self.instance if column.committed)

    @property
    def plain(self) -> tuple[Column, ...]:
        return tuple(column for column in self.instance if not column.committed)

    def column(self, name: str) -> Column:
        """The column of that name (KeyError when there is none)."""
        return self._by_name[name]

    def gate(self, gate_id: str) -> Gate:
        """The gate of that ID (KeyError when there is none)."""
        return {gate.id: gate for gate in self.gates}[gate_id]

    @cached_property
    def queries(self) -> tuple[Cell, ...]:
        """Distinct cells in reading order: gates, then lookups (inputs, then tables)."""
        return tuple(dict.fromkeys(cell for expression in self._expressions() for cell in cells(expression)))

    def queries_of(self, kind: Kind) -> tuple[Cell, ...]:
        return tuple(cell for cell in self.queries if cell.column.kind is kind)

    @cached_property
    def copied_columns(self) -> tuple[Column, ...]:
        """Columns of the permutation argument, in the order advice, fixed, instance."""
        used = {place.column.name for copy in self.copies for place in (copy.left, copy.right)}
        return tuple(column for column in self.columns if column.name in used)

    @cached_property
    def degree(self) -> int:
        """Degree of the constraint system as midnight-proofs counts it (never below 3)."""
        gates = (degree(poly) for gate in self.gates for poly in gate.polys)
        return max([3, *gates, *(lookup_degree(lookup) for lookup in self.lookups)])

    @cached_property
    def unusable(self) -> int:
        """Rows at the end that Halo2 keeps: its blinding factors and one."""
        counts = {column.name: 0 for column in self.advice}
        equality = {Cell(column, 0) for column in self.copied_columns if column.kind is Kind.ADVICE}
        for cell in equality | set(self.queries_of(Kind.ADVICE)):
            counts[cell.column.name] += 1
        return max([3, *counts.values()]) + 2 + 1

    @property
    def usable_rows(self) -> int:
        return self.domain - self.unusable

    def region_at(self, row: int) -> Region | None:
        return next((region for region in self.regions if region.start <= row < region.end), None)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def _expressions(self) -> Iterator[Expression]:
        for gate in self.gates:
            yield from gate.polys
        for lookup in self.lookups:
            yield from lookup.inputs + lookup.table


def lookup_degree(lookup: Lookup) -> int:
    """Degree of the lookup argument's product identity: max(4, 2 + inputs + table)."""
    sides = (max([1, *(degree(part) for part in side)]) for side in (lookup.inputs, lookup.table))
    return max(4, 2 + sum(sides))
