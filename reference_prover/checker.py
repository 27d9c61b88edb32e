"""The checker: reads every constraint of the tables on every row where the proof system reads it, and lists all that fail.

A violation names gate, polynomial, row, region and the cells with their values, so that nobody has to guess. Gates hold on all
2^k rows, lookups on the usable ones. On the rows that the proof system keeps, instance columns are 0 and advice columns hold
random numbers: what is given for them is not read, and a gate that would hold only for some of those numbers fails.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Iterator, Mapping, Sequence

import numpy as np

from .errors import WitnessError
from .expression import Cell, Expression, cells, evaluate_rows, explain
from .field import MODULUS
from .tables import Copy, Lookup, Tables

Columns = Mapping[str, Sequence[int]]
COPY = "copy"
KEPT = "kept by the proof system"  # the region of unusable rows


@dataclass(frozen=True)
class Violation:
    """A constraint that fails. `gate` is the ID of a gate or lookup, or `copy`; `poly` counts the polynomials of a gate, the
    copies of the tables, and is 0 for a lookup. `cells` maps `column` or `column@rotation` to its value; `residue` is what
    should have been 0 (a lookup has none: 0). `row` of a copy is that of its left cell."""

    gate: str
    poly: int
    row: int
    region: str
    cells: Mapping[str, int]
    residue: int

    def __str__(self) -> str:
        where = f"row {self.row} ({self.region})" if self.region else f"row {self.row}"
        return f"{self.gate}[{self.poly}] fails at {where}: residue {self.residue}"


def check(tables: Tables, columns: Columns) -> list[Violation]:
    """All violations, gates first, then lookups, then copies. Raises WitnessError unless `columns` holds exactly the advice
    and instance columns of the tables, 2^k canonical field elements each."""
    grid = Grid(tables, columns)
    found = [violation for gate in tables.gates for index, poly in enumerate(gate.polys) for violation in _gate(grid, gate.id, index, poly)]
    found += [violation for lookup in tables.lookups for violation in _lookup(grid, lookup)]
    found += [violation for index, copy in enumerate(tables.copies) for violation in _copy(grid, index, copy)]
    return found


class Grid:
    """All columns as object arrays, as a proof would have them; `rows(cell)` is a cell's value on each row."""

    def __init__(self, tables: Tables, columns: Columns) -> None:
        self.tables = tables
        for name in sorted(set(columns) ^ (set(tables.advice) | set(tables.instance))):
            raise WitnessError("no such column" if name in columns else "missing column", field=name)
        self.columns = {name: np.array(values, dtype=object) for name, values in tables.fixed.items()}
        self.columns |= {name: _column(name, values, tables.domain) for name, values in columns.items()}
        for name in columns:
            kept = [secrets.randbelow(MODULUS) if name in tables.advice else 0 for _ in range(tables.unusable)]
            self.columns[name][tables.usable :] = kept
        self.cache: dict[Cell, np.ndarray] = {}

    def rows(self, cell: Cell) -> np.ndarray:
        if cell not in self.cache:
            self.cache[cell] = np.roll(self.columns[cell.column], -cell.rotation)
        return self.cache[cell]

    def at(self, cell: Cell, row: int) -> int:
        return self.columns[cell.column][(row + cell.rotation) % self.tables.domain]

    def read(self, expressions: Sequence[Expression], row: int) -> dict[str, int]:
        """The cells of some expressions on one row."""
        return {str(cell): self.at(cell, row) for expression in expressions for cell in cells(expression)}

    def values(self, expression: Expression) -> np.ndarray:
        """The expression on each row."""
        return np.broadcast_to(np.asarray(evaluate_rows(expression, self.rows), dtype=object), self.tables.domain)

    def region(self, row: int) -> str:
        return self.tables.region_of(row) if row < self.tables.usable else KEPT


def explain_violation(tables: Tables, violation: Violation) -> str:
    """The violated gate as a formula with the violation's numbers in place; lookups and copies as their cells."""
    poly = next((gate.polys[violation.poly] for gate in tables.gates if gate.id == violation.gate), None)
    if poly is None:
        return ", ".join(f"{name}={value}" for name, value in violation.cells.items())
    return explain(poly, lambda cell: violation.cells[str(cell)])


def _column(name: str, values: Sequence[int], domain: int) -> np.ndarray:
    if len(values) != domain:
        raise WitnessError(f"a column has {domain} rows", field=name, value=len(values))
    for row, value in enumerate(values):
        if type(value) is not int or not 0 <= value < MODULUS:
            raise WitnessError("a cell holds an integer in [0, p)", field=f"{name}[{row}]", value=value)
    return np.array(values, dtype=object)


def _gate(grid: Grid, gate: str, index: int, poly: Expression) -> Iterator[Violation]:
    residues = grid.values(poly)
    for row in np.flatnonzero(residues != 0).tolist():
        yield Violation(gate, index, row, grid.region(row), grid.read([poly], row), residues[row])


def _lookup(grid: Grid, lookup: Lookup) -> Iterator[Violation]:
    tuples = lambda side: list(zip(*(grid.values(one)[: grid.tables.usable] for one in side)))
    allowed = set(tuples(lookup.table))
    for row, values in enumerate(tuples(lookup.inputs)):
        if values not in allowed:
            yield Violation(lookup.id, 0, row, grid.region(row), grid.read(lookup.inputs, row), 0)


def _copy(grid: Grid, index: int, copy: Copy) -> Iterator[Violation]:
    left, right = (grid.columns[column][row] for column, row in (copy.left, copy.right))
    if left != right:
        named = {f"{column}[{row}]": value for (column, row), value in ((copy.left, left), (copy.right, right))}
        yield Violation(COPY, index, copy.left[1], grid.tables.region_of(copy.left[1]), named, (left - right) % MODULUS)
