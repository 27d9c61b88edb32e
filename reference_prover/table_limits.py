"""Bounds on what a table file may ask for, the same in Python and Rust, so that no file is read by one and refused by the other.

One more bound, that of the degree, is the proof system's: Rust applies it here, Python where it makes keys (`plonk.circuit`), so that the
checker can be tried on formulas of any degree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Iterable

from .errors import TablesError
from .expression import Expression, cells, children
from .strict_json import integer, items

if TYPE_CHECKING:
    from .tables import Gate, Lookup

BYTES = 4 << 20
MAX_K = 20
COLUMNS = 2048
FIXED_CELLS = 1 << 24  # of all fixed columns together: a few bytes of runs ask for a whole column of them
NODES = 1 << 17  # of all expressions together
LAYOUT = 64
COUNT = 1 << 24
RUNS = 1 << 16
COUNTS = {"advice": COLUMNS, "fixed": COLUMNS, "instance": COLUMNS, "gates": 1024, "lookups": 1024, "copies": 1 << 20, "regions": 256}
_NAME = re.compile(r"[a-z0-9_.]{1,64}")
_SHORT = re.compile(r"[!-~]{1,64}")


def name(value: Any, where: str) -> str:
    """`value` if it is a name of columns, constraints or regions. Raises TablesError."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise TablesError("a name has lower-case letters, digits, dots and underscores, at most 64", field=where, value=value)
    return value


def check_counts(top: dict[str, Any]) -> None:
    """No section has too many entries. Raises TablesError."""
    for section, most in COUNTS.items():
        _at_most(top[section], section, most)


def check_layout(layout: Any) -> None:
    """Counts, flags, short words and lists of counts by name. Raises TablesError."""
    if not isinstance(layout, dict) or len(layout) > LAYOUT:
        raise TablesError(f"an object of at most {LAYOUT} entries is needed", field="layout", value=layout)
    for key, value in layout.items():
        where = f"layout.{key}"
        if isinstance(value, list):
            for one in _at_most(value, where, LAYOUT):
                integer(one, where, 0, COUNT + 1)
        elif isinstance(value, str) and re.match("[0-9-]", value):
            integer(value, where, 0, COUNT + 1)
        elif not isinstance(value, bool) and not (isinstance(value, str) and _SHORT.fullmatch(value)):
            raise TablesError("a count, a flag, a short word or a list of counts is needed", field=where, value=value)


def check_constraints(gates: Iterable[Gate], lookups: Iterable[Lookup]) -> None:
    """Each constraint reads a cell, and all together are not too many. Raises TablesError."""
    left = NODES
    for gate in gates:
        left = _expressions(gate.polys, gate.id, left)
    for lookup in lookups:
        left = _expressions(lookup.inputs + lookup.table, lookup.id, left)


def _expressions(expressions: tuple[Expression, ...], where: str, left: int) -> int:
    """What is left of the nodes."""
    for expression in expressions:
        if next(cells(expression), None) is None:
            raise TablesError("a constraint must read at least one cell", field=where)
        left -= _nodes(expression)
        if left < 0:
            raise TablesError(f"the expressions have more than {NODES} nodes", field=where)
    return left


def _nodes(expression: Expression) -> int:
    return 1 + sum(map(_nodes, children(expression)))


def check_fixed(columns: int, k: int) -> None:
    """All cells of the fixed columns have room in memory. Raises TablesError."""
    if columns << k > FIXED_CELLS:
        raise TablesError(f"the fixed columns have more than {FIXED_CELLS} cells", field="fixed", value=columns << k)


def check_runs(runs: Any, where: str) -> None:
    """A fixed column has not too many runs. Raises TablesError."""
    _at_most(runs, where, RUNS)


def _at_most(value: Any, where: str, most: int) -> list[Any]:
    if len(items(value, where)) > most:
        raise TablesError(f"at most {most} entries", field=where, value=len(value))
    return value
