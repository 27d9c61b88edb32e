"""Each misuse of the builder is refused with a code of its own; what it counts is right."""

from collections.abc import Callable

import pytest
from circuit_strategies import circuits
from hypothesis import given
from hypothesis import strategies as st

from zkapex_jax.bounds import FIELD_MODULUS
from zkapex_jax.circuit import Circuit, CircuitBuilder
from zkapex_jax.circuit.builder import MAX_COLUMNS
from zkapex_jax.circuit.columns import Column
from zkapex_jax.circuit.expression import Cell, Constant, degree, evaluate
from zkapex_jax.circuit.model import Run
from zkapex_jax.errors import InputError

K = 5
USABLE = 2**K - 6


def fresh() -> tuple[CircuitBuilder, Column, Column, Column]:
    builder = CircuitBuilder("test", K, max_degree=4)
    return builder, builder.advice("a"), builder.fixed("f"), builder.instance("p")


STRANGER = CircuitBuilder("other", K).advice("a")

MISUSES: list[tuple[str, str, Callable]] = [
    ("two columns of a name", "duplicate", lambda b, a, f, p: b.fixed("a")),
    ("two gates of an ID", "duplicate", lambda b, a, f, p: [b.gate("x", [f * a]), b.gate("x", [f])]),
    ("a gate and a lookup of an ID", "duplicate", lambda b, a, f, p: [b.gate("x", [f * a]), b.lookup("x", [a], [f])]),
    ("a cell written twice", "duplicate", lambda b, a, f, p: [b.run(f, 0, 3), b.run(f, 2, 1)]),
    ("overlapping regions", "duplicate", lambda b, a, f, p: [b.region("r", 0, 3), b.region("t", 2, 1)]),
    ("two regions of a name", "duplicate", lambda b, a, f, p: [b.region("r", 0, 3), b.region("r", 5, 1)]),
    ("a copy of a cell to itself", "duplicate", lambda b, a, f, p: b.copy(a, 1, a, 1)),
    ("a copy twice", "duplicate", lambda b, a, f, p: [b.copy(a, 1, p, 2), b.copy(p, 2, a, 1)]),
    ("a stranger in a gate", "foreign", lambda b, a, f, p: b.gate("x", [f * STRANGER])),
    ("a stranger in a lookup", "foreign", lambda b, a, f, p: b.lookup("x", [STRANGER], [f])),
    ("a stranger in a copy", "foreign", lambda b, a, f, p: b.copy(a, 0, STRANGER, 0)),
    ("values of a stranger", "foreign", lambda b, a, f, p: b.run(STRANGER, 0, 1)),
    ("a name for a column", "foreign", lambda b, a, f, p: b.copy("a", 0, p, 0)),
    ("values of an advice column", "kind", lambda b, a, f, p: b.run(a, 0, 1)),
    ("a run past the usable rows", "row", lambda b, a, f, p: b.run(f, 0, USABLE + 1)),
    ("a run before the first row", "row", lambda b, a, f, p: b.run(f, -1, 2)),
    ("an empty run", "row", lambda b, a, f, p: b.run(f, 0, 0)),
    ("a copy past the usable rows", "row", lambda b, a, f, p: b.copy(a, 0, p, USABLE)),
    ("a region past the usable rows", "row", lambda b, a, f, p: b.region("r", USABLE - 1, 2)),
    ("a row that is a float", "row", lambda b, a, f, p: b.copy(a, 0.0, p, 1)),
    ("a value of zero", "integer", lambda b, a, f, p: b.run(f, 0, 1, 0)),
    ("a value of p", "integer", lambda b, a, f, p: b.run(f, 0, 1, FIELD_MODULUS)),
    ("a negative value", "integer", lambda b, a, f, p: b.run(f, 0, 1, -1)),
    ("a truth value", "integer", lambda b, a, f, p: b.run(f, 0, 1, True)),
    ("unequal sides", "lookup", lambda b, a, f, p: b.lookup("x", [a, p], [f])),
    ("no sides", "lookup", lambda b, a, f, p: b.lookup("x", [], [])),
    ("a gate of nothing", "gate", lambda b, a, f, p: b.gate("x", [])),
    ("a gate of constants", "expression", lambda b, a, f, p: b.gate("x", [Constant(1) + Constant(2)])),
    ("a gate over the limit", "degree", lambda b, a, f, p: b.gate("x", [f * a * a * a * a])),
    ("a lookup over the limit", "degree", lambda b, a, f, p: b.lookup("x", [a * a], [f])),
    ("a far rotation", "integer", lambda b, a, f, p: b.gate("x", [Cell(a, 9) * f])),
    ("committed after plain", "order", lambda b, a, f, p: b.instance("c", committed=True)),
    ("a column with a bad name", "name", lambda b, a, f, p: b.advice("A")),
    ("a column with a long name", "name", lambda b, a, f, p: b.advice("a" * 50)),
    ("a column with two suffixes", "name", lambda b, a, f, p: b.advice("a.1.2")),
    ("a column with a padded suffix", "name", lambda b, a, f, p: b.advice("a.01")),
    ("a gate with a bad ID", "name", lambda b, a, f, p: b.gate("fold step", [f * a])),
    ("a relation with a bad name", "name", lambda b, a, f, p: CircuitBuilder("Relation", K)),
]  # fmt: skip


@pytest.mark.parametrize(("code", "misuse"), [case[1:] for case in MISUSES], ids=[case[0] for case in MISUSES])
def test_misuse_is_refused(code: str, misuse: Callable) -> None:
    with pytest.raises(InputError) as caught:
        misuse(*fresh())
    assert caught.value.code == f"circuit.{code}", str(caught.value)


def test_limits_themselves_are_allowed() -> None:
    builder, a, f, p = fresh()
    builder.run(f, 0, USABLE, FIELD_MODULUS - 1)
    builder.copy(a, USABLE - 1, p, 0)
    builder.region("all", 0, USABLE)
    builder.gate("x", [f * a * a * a])
    builder.lookup("y", [a], [f])
    circuit = builder.build()
    assert (circuit.usable_rows, circuit.degree) == (USABLE, 4)


def test_rows_that_many_rotations_take_are_not_usable() -> None:
    builder, a, f, p = fresh()
    builder.run(f, 0, USABLE)
    builder.gate("x", [f * sum((a.at(i) for i in range(-2, 3)), start=Constant(0))])
    with pytest.raises(InputError) as caught:
        builder.build()
    assert caught.value.code == "circuit.row"


def test_neighbouring_runs_are_one_run() -> None:
    builder, a, f, p = fresh()
    for start, count, value in [(4, 2, 7), (0, 2, 1), (2, 2, 1), (6, 1, 7), (9, 1, 7)]:
        builder.run(f, start, count, value)
    assert builder.build().runs["f"] == (Run(0, 4, 1), Run(4, 3, 7), Run(9, 1, 7))


def test_columns_are_limited() -> None:
    builder = CircuitBuilder("test", K)
    builder.instances("c", MAX_COLUMNS)
    with pytest.raises(InputError) as caught:
        builder.advice("a")
    assert caught.value.code == "circuit.columns"


@given(st.lists(st.tuples(st.integers(0, USABLE - 1), st.integers(1, 5))))
def test_overlaps_are_found_in_any_order(ranges: list[tuple[int, int]]) -> None:
    builder, _, f, _ = fresh()
    written: set[int] = set()
    for start, count in ranges:
        rows = set(range(start, start + count))
        if rows & written or max(rows) >= USABLE:
            with pytest.raises(InputError):
                builder.run(f, start, count)
        else:
            builder.run(f, start, count)
            written |= rows
    runs = builder.build().runs["f"]
    assert {row for run in runs for row in range(run.start, run.end)} == written
    assert all(left.end < right.start for left, right in zip(runs, runs[1:]))


def test_a_circuit_does_not_follow_its_builder() -> None:
    builder, a, f, p = fresh()
    before = builder.build()
    builder.gate("x", [f * a])
    assert before.gates == ()
    assert [gate.id for gate in builder.build().gates] == ["x"]
    with pytest.raises(TypeError):
        before.runs["f"] = ()


@given(circuits())
def test_counts_agree_with_what_is_read(circuit: Circuit) -> None:
    read: dict[Cell, None] = {}
    for gate in circuit.gates:
        for poly in gate.polys:
            evaluate(poly, lambda column, rotation: read.setdefault(Cell(column, rotation)) or 0)
    for lookup in circuit.lookups:
        for part in lookup.inputs + lookup.table:
            evaluate(part, lambda column, rotation: read.setdefault(Cell(column, rotation)) or 0)
    assert circuit.queries == tuple(read)
    degrees = [degree(poly) for gate in circuit.gates for poly in gate.polys]
    assert circuit.degree == max([3, *degrees, *(4 for _ in circuit.lookups)])
    assert [column.name for column in circuit.columns] == list(dict.fromkeys(column.name for column in circuit.columns))
