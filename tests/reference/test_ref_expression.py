"""Expressions: the row-wise reading equals the definition, and the emitted tables say what relation.py says."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ref_chunks import layout, parsed
from reference_prover import relation
from reference_prover.expression import Cell, Const, Neg, Product, Sum, cells, degree, evaluate, evaluate_rows, explain, number
from reference_prover.field import MODULUS

ROWS = 3
elements = st.integers(0, MODULUS - 1)
leaves = st.builds(Const, elements) | st.builds(Cell, st.sampled_from("ab"), st.integers(-1, 1))
lists = lambda inner: st.lists(inner, min_size=2, max_size=5).map(tuple)
trees = st.recursive(leaves, lambda inner: st.builds(Sum, lists(inner)) | st.builds(Product, lists(inner)) | st.builds(Neg, inner), max_leaves=12)


@given(trees, st.lists(elements, min_size=6 * ROWS, max_size=6 * ROWS))
def test_rows_equal_the_definition(tree, values):
    grid = {Cell(name, rotation): values[ROWS * i : ROWS * (i + 1)] for i, (name, rotation) in enumerate((n, r) for n in "ab" for r in (-1, 0, 1))}
    fast = evaluate_rows(tree, lambda cell: np.array(grid[cell], dtype=object))
    assert np.broadcast_to(np.asarray(fast, dtype=object), ROWS).tolist() == [evaluate(tree, lambda cell: grid[cell][row]) for row in range(ROWS)]


@pytest.mark.parametrize("preset", ["toy", "ceremony-4096"])
def test_emitted_gates_equal_the_relation_on_random_cells(preset):
    tables, size = parsed(preset), layout(preset)
    random.seed(7)
    names = [*tables.advice, *tables.fixed, *tables.instance]
    values = {Cell(name, rotation): random.randrange(MODULUS) for name in names for rotation in (0, 1)}
    cell = lambda name: values[Cell(name, 0)]
    wanted = {
        "fold.mask": [relation.mask(cell, j) for j in range(size.lanes)],
        "fold.step": [relation.step(cell, values[Cell("acc", 1)], size.lanes, size.bit_columns)],
        "fold.bits": [relation.bits(cell, l) for l in range(size.bit_columns)],
        "fold.first": [relation.first(cell)],
        "fold.last": [relation.last(cell)],
    }
    got = {gate.id: [evaluate(poly, values.__getitem__) for poly in gate.polys] for gate in tables.gates}
    assert got == {name: [value % MODULUS for value in residues] for name, residues in wanted.items()}
    assert list(got) == list(wanted)
    assert max(degree(poly) for gate in tables.gates for poly in gate.polys) == 3


def test_selectors_stand_where_the_layout_says():
    tables, size = parsed(), layout()
    ranges = {
        "s": range(size.active_start, size.blinding_start),
        "q_step": range(size.blinding_start),
        "q_first": range(1),
        "q_last": range(size.blinding_start, size.blinding_start + 1),
        "q_bits": range(size.bits_per_column),
    }
    wanted = {name: tuple(int(row in rows) for row in range(size.domain)) for name, rows in ranges.items()}
    assert tables.fixed == wanted


def test_explain_shows_the_formula_with_numbers():
    a, b = Cell("a", 0), Cell("b", 1)
    values = {a: 3, b: MODULUS - 4, Cell("z", 0): 0}
    tree = Product((Sum((a, Neg(Const(1)), Cell("z", 0))), b))
    assert explain(tree, values.__getitem__) == "(a=3 - 1)·b@+1=-4"
    assert explain(Sum((Product((a, Cell("z", 0))), Neg(b))), values.__getitem__) == "-b@+1=-4"
    assert number(MODULUS // 3).startswith("0x") and "…" in number(MODULUS // 3)
    assert list(cells(tree)) == [a, Cell("z", 0), b]
