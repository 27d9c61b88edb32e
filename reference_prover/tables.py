"""Constraint tables: the emitted canonical JSON parsed into dataclasses that cannot be malformed.

`parse` is the only way in. The table digest is the SHA-256 of the bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping

from . import table_limits as limits
from .errors import TablesError
from .expression import Cell, Const, Expression, Neg, Product, Sum, cells
from .field import MODULUS
from .strict_json import fields, flag, integer, items, load
from .table_limits import name as short_name

FORMAT, VERSION = "zkapex.tables", "1"
MAX_DEPTH = 32  # of an expression
MAX_ROTATION = 8
_FIELDS = {"format", "version", "relation", "k", "field", "layout", "advice", "fixed", "instance", "gates", "lookups", "copies", "regions"}


@dataclass(frozen=True)
class Gate:
    """Polynomials that must vanish on every row."""

    id: str
    polys: tuple[Expression, ...]


@dataclass(frozen=True)
class Lookup:
    """On every usable row the tuple `inputs` equals the tuple `table` of some usable row."""

    id: str
    inputs: tuple[Expression, ...]
    table: tuple[Expression, ...]


@dataclass(frozen=True)
class Copy:
    """Two cells (column, row) that must hold the same value."""

    left: tuple[str, int]
    right: tuple[str, int]


@dataclass(frozen=True)
class Region:
    """A named range of rows; constrains nothing."""

    name: str
    start: int
    rows: int


@dataclass(frozen=True)
class Tables:
    """One relation over 2^k rows. `instance` maps a column's name to whether it is committed; `fixed` holds full columns
    of 2^k field elements; `unusable` rows at the end belong to the proof system."""

    digest: bytes
    relation: str
    k: int
    layout: Mapping[str, Any]
    advice: tuple[str, ...]
    fixed: Mapping[str, tuple[int, ...]]
    instance: Mapping[str, bool]
    gates: tuple[Gate, ...]
    lookups: tuple[Lookup, ...]
    copies: tuple[Copy, ...]
    regions: tuple[Region, ...]
    unusable: int

    @property
    def domain(self) -> int:
        return 1 << self.k

    @property
    def usable(self) -> int:
        """Rows on which constraints are read."""
        return self.domain - self.unusable

    def region_of(self, row: int) -> str:
        """The name of the first region that holds the row, or "" if none does."""
        return next((region.name for region in self.regions if region.start <= row < region.start + region.rows), "")


def read(path: Path) -> Tables:
    """The tables in a file. Raises TablesError naming the file."""
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise TablesError("cannot be read", file=str(path), value=error.strerror) from error
    except TablesError as error:
        raise error.in_file(str(path))


def parse(data: bytes) -> Tables:
    """Emitted bytes to Tables. Raises TablesError on anything that is not exactly of the format."""
    if len(data) > limits.BYTES:
        raise TablesError(f"more than {limits.BYTES} bytes", value=len(data))
    top = fields(load(data), _FIELDS, "")
    for name, wanted in (("format", FORMAT), ("version", VERSION), ("field", str(MODULUS))):
        if top[name] != wanted:
            raise TablesError(f"must be {wanted}", field=name, value=top[name])
    k = integer(top["k"], "k", 3, limits.MAX_K + 1)
    limits.check_counts(top)
    limits.check_layout(top["layout"])
    limits.check_fixed(len(top["fixed"]), k)
    advice = [short_name(one, f"advice[{i}]") for i, one in enumerate(items(top["advice"], "advice"))]
    fixed = [fields(one, {"name", "runs"}, f"fixed[{i}]") for i, one in enumerate(items(top["fixed"], "fixed"))]
    instance = [fields(one, {"name", "committed"}, f"instance[{i}]") for i, one in enumerate(items(top["instance"], "instance"))]
    names = _column_names(advice, fixed, instance)
    gates = _each(top, "gates", lambda one, where: _gate(one, where, names))
    lookups = _each(top, "lookups", lambda one, where: _lookup(one, where, names))
    _unique([gate.id for gate in gates] + [lookup.id for lookup in lookups], "gates")
    limits.check_constraints(gates, lookups)
    copied = {_known(side["column"], "copies", names) for copy in items(top["copies"], "copies") for side in _sides(copy)}
    unusable = _unusable_rows(advice, gates, lookups, copied)
    usable = (1 << k) - unusable
    if usable <= 0:
        raise TablesError("no usable row is left", field="k", value=k)
    return Tables(
        digest=hashlib.sha256(data).digest(),
        relation=short_name(top["relation"], "relation"),
        k=k,
        layout=top["layout"],
        advice=tuple(advice),
        fixed={one["name"]: _fixed_column(one, k, usable) for one in fixed},
        instance={one["name"]: one["committed"] for one in instance},
        gates=gates,
        lookups=lookups,
        copies=_each(top, "copies", lambda one, where: _copy(one, where, names, usable)),
        regions=_regions(top, usable),
        unusable=unusable,
    )


def _each(top: dict, name: str, parse_one: Callable[[Any, str], Any]) -> tuple:
    return tuple(parse_one(one, f"{name}[{i}]") for i, one in enumerate(items(top[name], name)))


def _column_names(advice: list, fixed: list, instance: list) -> frozenset[str]:
    names = advice + [short_name(one["name"], "columns") for one in fixed + instance]
    if not 1 <= len(names) <= limits.COLUMNS:
        raise TablesError(f"there must be from 1 to {limits.COLUMNS} columns", field="columns", value=len(names))
    _unique(names, "columns")
    committed = [flag(one["committed"], f"instance {one['name']}") for one in instance]
    if committed != sorted(committed, reverse=True):
        raise TablesError("committed columns come first", field="instance")
    return frozenset(names)


def _unique(names: list[str], where: str) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise TablesError("occurs twice", field=where, value=name)


def _gate(value: Any, where: str, names: frozenset[str]) -> Gate:
    gate = fields(value, {"id", "polys"}, where)
    polys = items(gate["polys"], f"{where}.polys", 1)
    return Gate(short_name(gate["id"], f"{where}.id"), tuple(_expression(poly, f"{where}.polys[{i}]", names) for i, poly in enumerate(polys)))


def _lookup(value: Any, where: str, names: frozenset[str]) -> Lookup:
    lookup = fields(value, {"id", "inputs", "table"}, where)
    sides = [[_expression(one, f"{where}.{side}", names) for one in items(lookup[side], f"{where}.{side}", 1)] for side in ("inputs", "table")]
    if len(sides[0]) != len(sides[1]):
        raise TablesError("inputs and table differ in length", field=where)
    return Lookup(short_name(lookup["id"], f"{where}.id"), tuple(sides[0]), tuple(sides[1]))


def _expression(value: Any, where: str, names: frozenset[str], depth: int = 0) -> Expression:
    if depth > MAX_DEPTH:
        raise TablesError(f"nested deeper than {MAX_DEPTH}", field=where)
    inner = lambda one: _expression(one, where, names, depth + 1)
    match value.get("tag") if isinstance(value, dict) else None:
        case "const":
            return Const(integer(fields(value, {"tag", "value"}, where)["value"], where, 0, MODULUS))
        case "cell":
            cell = fields(value, {"tag", "column", "rotation"}, where)
            return Cell(_known(cell["column"], where, names), integer(cell["rotation"], where, -MAX_ROTATION, MAX_ROTATION + 1))
        case "sum":
            return Sum(tuple(inner(one) for one in items(fields(value, {"tag", "terms"}, where)["terms"], where, 2)))
        case "product":
            return Product(tuple(inner(one) for one in items(fields(value, {"tag", "factors"}, where)["factors"], where, 2)))
        case "neg":
            return Neg(inner(fields(value, {"tag", "term"}, where)["term"]))
    raise TablesError("not an expression", field=where, value=value)


def _known(name: Any, where: str, names: frozenset[str]) -> str:
    if not isinstance(name, str) or name not in names:
        raise TablesError("no such column", field=where, value=name)
    return name


def _fixed_column(value: dict, k: int, usable: int) -> tuple[int, ...]:
    where, column, filled = f"fixed {value['name']}", [0] * (1 << k), 0
    limits.check_runs(value["runs"], where)
    for run in items(value["runs"], where):
        if len(items(run, where)) != 3:
            raise TablesError("a run is [start, count, value]", field=where, value=run)
        start = integer(run[0], where, filled, usable)
        count = integer(run[1], where, 1, usable - start + 1)
        column[start : start + count] = [integer(run[2], where, 1, MODULUS)] * count
        filled = start + count
    return tuple(column)


def _sides(value: Any) -> list[dict]:
    copy = fields(value, {"left", "right"}, "copies")
    return [fields(copy[side], {"column", "row"}, f"copies.{side}") for side in ("left", "right")]


def _copy(value: Any, where: str, names: frozenset[str], usable: int) -> Copy:
    left, right = (_place(side, where, names, usable) for side in _sides(value))
    if left == right:
        raise TablesError("a copy joins two different cells", field=where, value=left)
    return Copy(left, right)


def _place(side: dict, where: str, names: frozenset[str], usable: int) -> tuple[str, int]:
    return _known(side["column"], where, names), integer(side["row"], where, 0, usable)


def _regions(top: dict, usable: int) -> tuple[Region, ...]:
    regions = _each(top, "regions", lambda one, where: _region(one, where, usable))
    _unique([region.name for region in regions], "regions")
    return regions


def _region(value: Any, where: str, usable: int) -> Region:
    region = fields(value, {"name", "start", "rows"}, where)
    start = integer(region["start"], f"{where}.start", 0, usable)
    return Region(short_name(region["name"], f"{where}.name"), start, integer(region["rows"], f"{where}.rows", 1, usable - start + 1))


def _unusable_rows(advice: list[str], gates: tuple[Gate, ...], lookups: tuple[Lookup, ...], copied: set[str]) -> int:
    """Halo2's count: one blinding row a query of the most queried advice column (at least 3), two more, and one."""
    expressions = [poly for gate in gates for poly in gate.polys] + [one for lookup in lookups for one in lookup.inputs + lookup.table]
    queries = {cell for one in expressions for cell in cells(one)} | {Cell(name, 0) for name in copied}
    counts = Counter(cell.column for cell in queries)
    return max([3] + [counts[name] for name in advice]) + 3
