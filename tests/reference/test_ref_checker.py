"""The checker: names gate, row and cells; every single-cell change that matters is caught, and the rest is accounted for."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ref_chunks import emitted, honest, layout, make_statement, make_witness, parsed
from reference_prover import tables as table_format
from reference_prover.checker import Violation, check, explain_violation
from reference_prover.errors import WitnessError
from reference_prover.expression import cells, evaluate
from reference_prover.field import MODULUS
from reference_prover.precheck import check_chunk, examine
from reference_prover.rounds import blinding as blind
from reference_prover.rounds import online

TINY = json.loads((Path(__file__).parents[2] / "vectors" / "tables" / "tiny.json").read_text())


def with_cell(columns, name, row, value):
    return columns | {name: columns[name][:row] + [value % MODULUS] + columns[name][row + 1 :]}


def test_masked_weight_that_is_not_zero():
    _, witness, _, _, columns = honest()
    size, weight = layout(), witness.free.index(0)
    row, lane = size.active_start + weight // size.lanes, weight % size.lanes
    changed = with_cell(columns, f"theta_u.{lane}", row, 17)
    mask, step = check(parsed(), changed)
    assert (mask.gate, mask.poly, mask.row, mask.region, mask.residue) == ("fold.mask", lane, row, "active", 17)
    assert mask.cells == {"s": 1, f"free.{lane}": 0, f"theta_u.{lane}": 17}
    assert (step.gate, step.row) == ("fold.step", row)
    assert explain_violation(parsed(), mask) == f"(s=1)·theta_u.{lane}=17"


def test_bit_of_two():
    columns = honest()[-1]
    violations = check(parsed(), with_cell(columns, "bits.1", 5, 2))
    assert [(v.gate, v.poly, v.row) for v in violations] == [("fold.step", 0, 5), ("fold.bits", 1, 5)]
    assert violations[1].residue == 2 and violations[1].cells == {"q_bits": 1, "bits.1": 2}


def test_accumulator_that_starts_elsewhere():
    columns = honest()[-1]
    shifted = columns | {"acc": [(value + 1) % MODULUS for value in columns["acc"]]}
    assert [v.gate for v in check(parsed(), shifted)] == ["fold.first", "fold.last"]


def tiny_columns():
    return {name: [int(word) for word in text.split()] for name, text in TINY["columns"].items()}


def test_tiny_tables_with_lookup_and_copies():
    tables, columns = table_format.parse(TINY["tables"].encode()), tiny_columns()
    assert check(tables, columns) == []
    lookup = check(tables, with_cell(with_cell(columns, "b", 3, 3), "a", 4, 3 * columns["a"][3] + 3))
    assert lookup[0] == Violation("tiny.range", 0, 3, "steps", {"s": 1, "b": 3}, 0)
    assert (lookup[1].gate, lookup[1].poly) == ("copy", 1)
    copy = check(tables, with_cell(columns, "x", 0, 9))
    assert copy == [Violation("copy", 0, 0, "steps", {"a[0]": 4, "x[0]": 9}, MODULUS - 5)]
    assert str(check(tables, with_cell(columns, "a", 0, 5))[0]).startswith("tiny.step[0] fails at row 0 (steps): residue ")


def test_all_violations_are_listed():
    columns = honest()[-1]
    noise = columns | {"acc": [(value * value + 5) % MODULUS for value in columns["acc"]]}
    steps = [v.row for v in check(parsed(), noise) if v.gate == "fold.step"]
    assert steps == list(range(layout().blinding_start))


BAD_COLUMNS = {
    "missing": lambda c: c.pop("q"),
    "unknown": lambda c: c.update(s=c["q"]),
    "short": lambda c: c.update(q=c["q"][1:]),
    "p": lambda c: c["q"].__setitem__(0, MODULUS),
    "negative": lambda c: c["q"].__setitem__(0, -1),
    "numpy": lambda c: c["q"].__setitem__(0, np.int64(1)),
    "bool": lambda c: c["q"].__setitem__(0, True),
}


@pytest.mark.parametrize("edit", BAD_COLUMNS.values(), ids=BAD_COLUMNS)
def test_bad_columns(edit):
    columns = {name: list(values) for name, values in honest(20)[-1].items()}
    edit(columns)
    with pytest.raises(WitnessError):
        check(parsed(), columns)


VERIFIER_BUILT = ("free", "v", "c", "w_sigma", "w_e", "w_q", "w_sigma_q", "w_e2", "w_const", "w_bits", "fold")


def why_unseen(name, row):
    """The reason why no constraint reads a changed cell, or "" if one should."""
    size, family = layout(), name.split(".")[0]
    if row >= size.blinding_start + size.blinding_rows:
        return "unused row"
    if row >= size.blinding_start + (family == "acc"):
        return "blinding"
    if family in VERIFIER_BUILT:
        return "built by the verifier, meets a zero"
    if row < size.active_start and (family in ("theta_p", "theta_u") or name in ("y.2", "y.3")):
        return "tail cell without a weight"
    if family == "q" and row >= size.rows:
        return "tail cell without a weight"
    if family != "bits":
        return ""
    bit = int(name.split(".")[1]) * size.bits_per_column + row
    return "cell past the last bit" if row >= size.bits_per_column or bit >= size.bit_count else ""


def test_every_single_cell_change_is_caught_or_accounted_for():
    """Each of the 2^k cells of every column of an honest toy chunk is changed by one."""
    statement, witness, challenges, _, _ = honest(893, 5)
    tables, size = parsed(), layout()
    columns = online.assign(tables, statement, witness, challenges, blind.fresh(size))
    grid = dict(tables.fixed) | {name: list(values) for name, values in columns.items()}
    polys = [poly for gate in tables.gates for poly in gate.polys]
    readers = {name: [(poly, {cell.rotation for cell in cells(poly) if cell.column == name}) for poly in polys] for name in columns}
    unseen, seen = Counter(), Counter()
    for name, column in columns.items():
        for row, honest_value in enumerate(column):
            grid[name][row] = (honest_value + 1) % MODULUS
            places = ((poly, (row - rotation) % size.domain) for poly, rotations in readers[name] for rotation in rotations)
            hit = any(fails(grid, poly, place, tables.usable) for poly, place in places)
            grid[name][row] = honest_value
            if hit:
                seen[name.split(".")[0]] += 1
            else:
                assert why_unseen(name, row), (name, row)
                unseen[why_unseen(name, row)] += 1
    assert sum(seen.values()) + sum(unseen.values()) == len(columns) * size.domain
    secret = {name: seen[name] for name in ("theta_p", "theta_u", "y", "bits", "q", "acc")}
    assert secret == {
        "theta_p": size.capacity,
        "theta_u": size.capacity,
        "y": size.capacity + 2 * size.rows,  # sigma and e stand in the tail
        "bits": size.bit_count,
        "q": size.rows,
        "acc": size.blinding_start + 1,
    }
    assert seen["fold"] == size.capacity
    # free, c and the weights meet blinding cells there, so a verifier that fills them is refused; the first of acc is read by fold.last
    blinded = [name for name in columns if name.split(".")[0] in ("theta_p", "theta_u", "y", "fold", "bits", "q", "v", "acc")]
    assert unseen["blinding"] == len(blinded) * size.blinding_rows - 1
    assert unseen["unused row"] == len(columns) * (size.domain - size.blinding_start - size.blinding_rows)
    assert unseen["cell past the last bit"] == size.bit_columns * size.blinding_start - size.bit_count


def fails(grid, poly, row, usable):
    return row < usable and evaluate(poly, lambda cell: grid[cell.column][(row + cell.rotation) % len(grid[cell.column])]) != 0


def test_check_chunk_at_the_default_size():
    """64 client rows and 8 forget rows over 63,744 weights."""
    witness = make_witness(63744, 2, "ceremony-4096", gamma=3 << 18)
    statement = make_statement(witness, gamma=3 << 18, preset="ceremony-4096")
    assert examine(parsed("ceremony-4096"), statement, witness).violations == []


def test_check_chunk_names_the_exceeded_budget():
    witness = make_witness(300, 9)
    assert check_chunk(emitted(), make_statement(witness), witness) == []
    overdrawn = make_statement(witness, budget=1)
    assert [v.gate for v in check_chunk(emitted(), overdrawn, witness)] == ["fold.last"]
    assert examine(parsed(), overdrawn, witness).sums == ["mu^0 budget: sum f delta^2 = D - slack"]
