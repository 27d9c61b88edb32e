"""Builds a `Circuit` piece by piece and refuses every misuse where it happens.

A relation is one function that makes a builder, declares columns, writes gates as formulas and returns ``build()``;
see ``relations/fold_kkt.py`` and docs/relations.md.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit.columns import MAX_ROTATION, Column, Kind, check_column_name
from zkapex_jax.circuit.expression import Expression, Operand, as_expression, cells, degree
from zkapex_jax.circuit.model import Circuit, Copy, Gate, LayoutValue, Lookup, Place, Region, Run, lookup_degree
from zkapex_jax.errors import InputError

#: Highest degree that a relation may have unless it says less.
DEGREE_LIMIT = 9

#: Halo2 keeps at least this many rows; gates with many rotations make it keep more (checked by ``build``).
LEAST_UNUSABLE = 6

#: Columns of one circuit; ours have about a hundred.
MAX_COLUMNS = 4096

_ID = re.compile(r"[a-z][a-z0-9_]{0,39}(\.[a-z0-9_]{1,40}){0,3}\Z")


class CircuitBuilder:
    """Collects one circuit of 2^k rows.

    Every method raises InputError, with a code ``circuit.*``, the field and the value that is wrong.
    """

    def __init__(self, relation: str, k: int, layout: Mapping[str, LayoutValue] | None = None,
                 max_degree: int = DEGREE_LIMIT) -> None:  # fmt: skip
        self.relation = _identifier("relation", relation)
        self.k = _integer("k", k, 3, 24)
        self.max_degree = max_degree
        self._layout = dict(layout or {})
        self._owner = object()
        self._columns: dict[str, Column] = {}
        self._by_kind: dict[Kind, list[Column]] = {kind: [] for kind in Kind}
        self._runs: dict[str, _Disjoint] = {}
        self._constraints: dict[str, Gate | Lookup] = {}
        self._copies: dict[Copy, None] = {}
        self._regions: dict[str, Region] = {}
        self._region_rows = _Disjoint()

    def advice(self, name: str) -> Column:
        """A column that the prover fills and commits inside the Halo2 proof."""
        return self._declare(Kind.ADVICE, name, committed=False)

    def fixed(self, name: str) -> Column:
        """A column of the tables, zero where no ``run`` says otherwise."""
        return self._declare(Kind.FIXED, name, committed=False)

    def instance(self, name: str, *, committed: bool = False) -> Column:
        """A column of the statement; those that are committed come before those that are plain."""
        last = self._by_kind[Kind.INSTANCE][-1:]
        if committed and last and not last[0].committed:
            raise _misuse("order", name, "committed instance columns come before plain ones")
        return self._declare(Kind.INSTANCE, name, committed)

    def instances(self, name: str, count: int, *, committed: bool = False) -> tuple[Column, ...]:
        """Columns ``name.0`` to ``name.{count-1}``."""
        return tuple(self.instance(f"{name}.{lane}", committed=committed) for lane in range(count))

    def run(self, column: Column, start: int, count: int, value: int = 1) -> None:
        """Write ``value`` (0 < value < p) to ``count`` cells of a fixed column; each cell is written once."""
        self._own(column)
        if column.kind is not Kind.FIXED:
            raise _misuse("kind", column.name, "only fixed columns have values in the tables")
        self._rows(f"run of {column.name}", start, count)
        new = Run(start, count, _integer(f"run of {column.name}", value, 1, FIELD_MODULUS - 1))
        if not self._runs.setdefault(column.name, _Disjoint()).add(new):
            raise _misuse("duplicate", (start, count), f"cells of {column.name} are written twice")

    def gate(self, gate_id: str, polys: Iterable[Operand]) -> Gate:
        """Polynomials that are zero on every row, Halo2's own rows included."""
        gate = Gate(_identifier("gate", gate_id), tuple(as_expression(poly) for poly in polys))
        if not gate.polys:
            raise _misuse("gate", gate_id, "a gate has at least one polynomial")
        for poly in gate.polys:
            self._check_expression(gate_id, poly)
            self._check_degree(gate_id, degree(poly))
        self._add_constraint(gate)
        return gate

    def lookup(self, lookup_id: str, inputs: Iterable[Operand], table: Iterable[Operand]) -> Lookup:
        """The tuple ``inputs`` of every usable row occurs as ``table`` of some usable row."""
        sides = [tuple(as_expression(part) for part in side) for side in (inputs, table)]
        lookup = Lookup(_identifier("lookup", lookup_id), *sides)
        if not lookup.inputs or len(lookup.inputs) != len(lookup.table):
            raise _misuse("lookup", lookup_id, f"a lookup needs as many inputs as table columns, "
                          f"not {len(lookup.inputs)} and {len(lookup.table)}")  # fmt: skip
        for part in lookup.inputs + lookup.table:
            self._check_expression(lookup_id, part)
        self._check_degree(lookup_id, lookup_degree(lookup))
        self._add_constraint(lookup)
        return lookup

    def copy(self, left: Column, left_row: int, right: Column, right_row: int) -> None:
        """Constrain two cells to be equal."""
        places = [Place(self._own(column), self._rows(column.name, row, 1)) for column, row in ((left, left_row), (right, right_row))]
        copy = Copy(*places)
        if copy.left == copy.right or copy in self._copies or Copy(copy.right, copy.left) in self._copies:
            raise _misuse("duplicate", (left.name, left_row), "a copy joins two cells, once")
        self._copies[copy] = None

    def region(self, name: str, start: int, rows: int) -> None:
        """Name a range of rows; ranges do not overlap."""
        _identifier("region", name)
        self._rows(f"region {name}", start, rows)
        new = Region(name, start, rows)
        if name in self._regions or not self._region_rows.add(new):
            raise _misuse("duplicate", name, "regions have distinct names and rows")
        self._regions[name] = new

    def build(self) -> Circuit:
        """The circuit so far, frozen; checks what depends on all of it (rows that Halo2 keeps)."""
        gates = tuple(item for item in self._constraints.values() if isinstance(item, Gate))
        lookups = tuple(item for item in self._constraints.values() if isinstance(item, Lookup))
        runs = {column.name: _merged(self._runs.get(column.name, _Disjoint())) for column in self._of(Kind.FIXED)}
        circuit = Circuit(self.relation, self.k, MappingProxyType(dict(self._layout)), *map(self._of, Kind),
                          MappingProxyType(runs), gates, lookups, tuple(self._copies), tuple(self._regions.values()))  # fmt: skip
        ends = [*(run.end for column in runs.values() for run in column), *(region.end for region in circuit.regions),
                *(place.row + 1 for copy in circuit.copies for place in (copy.left, copy.right))]  # fmt: skip
        if max(ends, default=0) > circuit.usable_rows:
            raise _misuse("row", max(ends) - 1, f"only rows below {circuit.usable_rows} are usable")
        return circuit

    def _of(self, kind: Kind) -> tuple[Column, ...]:
        return tuple(self._by_kind[kind])

    def _declare(self, kind: Kind, name: str, committed: bool) -> Column:
        if check_column_name(name) in self._columns:
            raise _misuse("duplicate", name, "there is a column of that name")
        if len(self._columns) == MAX_COLUMNS:
            raise _misuse("columns", name, f"a circuit has at most {MAX_COLUMNS} columns")
        column = Column(kind, len(self._by_kind[kind]), name, committed, self._owner)
        self._columns[name] = column
        self._by_kind[kind].append(column)
        return column

    def _own(self, column: Column) -> Column:
        if not isinstance(column, Column) or column.owner is not self._owner:
            raise _misuse("foreign", getattr(column, "name", column), "the column belongs to another circuit")
        return column

    def _rows(self, what: str, start: int, count: int) -> int:
        last = 2**self.k - LEAST_UNUSABLE
        _integer(f"{what}: row", start, 0, last - 1)
        _integer(f"{what}: rows", count, 1, last - start)
        return start

    def _check_expression(self, where: str, expression: Expression) -> None:
        found = list(cells(expression))
        if not found:
            raise _misuse("expression", where, "a constraint mentions at least one cell")
        for cell in found:
            self._own(cell.column)
            _integer(f"{where}: rotation", cell.rotation, -MAX_ROTATION, MAX_ROTATION)

    def _check_degree(self, where: str, value: int) -> None:
        if value > self.max_degree:
            raise _misuse("degree", value, f"{where} is over the degree limit of {self.max_degree}")

    def _add_constraint(self, item: Gate | Lookup) -> None:
        if item.id in self._constraints:
            raise _misuse("duplicate", item.id, "there is a gate or lookup of that ID")
        self._constraints[item.id] = item


class _Disjoint:
    """Ranges of rows that do not overlap, in row order."""

    def __init__(self) -> None:
        self.ranges: list[Run | Region] = []

    def add(self, new: Run | Region) -> bool:
        """Whether ``new`` overlaps none of the ranges; it is added then."""
        place = bisect(self.ranges, new.start, key=lambda old: old.start)
        if (place and self.ranges[place - 1].end > new.start) or any(old.start < new.end for old in self.ranges[place : place + 1]):
            return False
        self.ranges.insert(place, new)
        return True


def _merged(written: _Disjoint) -> tuple[Run, ...]:
    """Neighbours of equal value joined: one way to write a column."""
    result: list[Run] = []
    for run in written.ranges:
        if result and result[-1].end == run.start and result[-1].value == run.value:
            result[-1] = Run(result[-1].start, result[-1].count + run.count, run.value)
        else:
            result.append(run)
    return tuple(result)


def _identifier(what: str, name: object) -> str:
    if not isinstance(name, str) or not _ID.match(name):
        raise _misuse("name", name, f"the name of a {what} is lower case words with dots, like fold.step")
    return name


def _integer(what: str, value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise InputError(f"must be an integer from {low} to {high}", code="circuit.row" if "row" in what else "circuit.integer",
                         field=what, value=value)  # fmt: skip
    return value


def _misuse(code: str, value: object, message: str) -> InputError:
    return InputError(message, code=f"circuit.{code}", value=value)
