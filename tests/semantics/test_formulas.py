"""A gate that says out = formula is satisfied on exactly the rows where galois' GF(p) finds that out is the formula's value."""

import pytest
from formulas import ELEMENTS, FIELD, element, formulas, read
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scene import parsed
from tally import EFFORT, count

from reference_prover import field
from reference_prover.checker import check
from reference_prover.expression import Cell, Const, Neg, Product, Sum, evaluate
from reference_prover.field import MODULUS
from zkapex_jax.circuit import CircuitBuilder
from zkapex_jax.errors import InputError

K, ROWS, START = 5, 32, 3
COLUMNS = {"a": "advice", "f": "fixed", "c": "committed", "p": "plain"}
COUNT = 16  # rows on which the gate acts: START to START + COUNT, so that every rotation stays on usable rows


def gated(formula, fixed: list[int]):
    """Tables with one gate, q·s·(out - formula), s some other number than one."""
    builder = CircuitBuilder("formula", K, max_degree=64)
    advice, selector, out = builder.advice("a"), builder.fixed("q"), builder.advice("out")
    columns = {"a": advice, "f": builder.fixed("f"), "c": builder.instance("c", committed=True), "p": builder.instance("p")}
    for row, value in enumerate(fixed):
        if value:
            builder.run(columns["f"], row, 1, value)
    builder.run(selector, START, COUNT, 5)
    poly = read(formula, lambda leaf: columns[leaf.column].at(leaf.rotation), lambda number: number)
    builder.gate("out.formula", [selector * (out - poly)])
    return parsed(builder.build())


@settings(max_examples=60 * EFFORT)
@given(formula=formulas(list(COLUMNS)), data=st.data())
def test_a_gate_holds_where_galois_says_so(formula, data):
    column = st.lists(ELEMENTS, min_size=24, max_size=24).map(lambda values: values + [0] * (ROWS - 24))
    cells = {name: data.draw(column, label=name) for name in COLUMNS}
    try:
        tables = gated(formula, cells["f"][:24])
    except InputError as error:
        assume(error.code != "circuit.degree")
        raise
    value = lambda row: int(read(formula, lambda leaf: FIELD(cells[leaf.column][(row + leaf.rotation) % ROWS]), element))
    rows = range(START, START + COUNT)
    out = [value(row) if row in rows else 0 for row in range(ROWS)]
    assignment = {name: cells[name] for name in ("a", "c", "p")} | {"out": out}
    assert check(tables, assignment) == []
    errors = data.draw(st.dictionaries(st.sampled_from(rows), st.integers(1, MODULUS - 1), max_size=4), label="errors")
    moved = [(x + errors.get(row, 0)) % MODULUS for row, x in enumerate(out)]
    residues = {violation.row: violation.residue for violation in check(tables, assignment | {"out": moved})}
    assert residues == {row: int(FIELD(5) * FIELD(error)) for row, error in errors.items()}
    count("formulas compared with galois")


@settings(max_examples=60 * EFFORT)
@given(formula=formulas(["x", "y"], rotations=(0, 0)), x=st.integers(-(1 << 12), 1 << 12), y=st.integers(-(1 << 12), 1 << 12), shift=st.integers(0, 3))
def test_equal_modulo_p_is_equal_while_nothing_reaches_half_of_p(formula, x, y, shift):
    """The value over the integers, shifted by a multiple of p, is the only integer that a gate mistakes for it."""
    exact = read(formula, lambda leaf: {"x": x, "y": y}[leaf.column], lambda number: number)
    signed = {"x": FIELD(x % MODULUS), "y": FIELD(y % MODULUS)}
    found = int(read(formula, lambda leaf: signed[leaf.column], element))
    assert found == (exact + shift * MODULUS) % MODULUS
    if 2 * abs(exact) < MODULUS:
        assert field.to_signed(found) == exact
        count("integer formulas below p/2")


@pytest.mark.parametrize("operation", ["+", "-", "*"])
@settings(max_examples=40 * EFFORT)
@given(x=ELEMENTS, y=ELEMENTS)
def test_the_checkers_arithmetic_is_that_of_galois(operation, x, y):
    left, right = Cell("x", 0), Const(y)
    tree = {"+": Sum((left, right)), "-": Sum((left, Neg(right))), "*": Product((left, right))}[operation]
    oracle = {"+": FIELD(x) + FIELD(y), "-": FIELD(x) - FIELD(y), "*": FIELD(x) * FIELD(y)}[operation]
    assert evaluate(tree, lambda cell: x) == int(oracle)
    if x:
        assert field.inverse(x) == int(FIELD(1) / FIELD(x))
    count("field operations compared with galois")
